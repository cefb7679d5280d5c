"""What the kept digest is held against, for the tests beside this and of restores: the rows, read and hashed by the client."""

from django.db import connection

from clients.python.ospab_panel_client import digest_of
from vps.models import Vps


def held() -> tuple[int, str]:
    rows = [vps.row() for vps in Vps.objects.with_external_id()]
    return len(rows), digest_of(rows)


def parts() -> int:
    """How many rows the sum consists of, the base among them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM digest_parts")
        return int(cursor.fetchone()[0])


def spoil() -> None:
    """As rows that were loaded while the triggers were off."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE digest_parts SET count = count + 1, sum = sum + 17 WHERE is_base")
