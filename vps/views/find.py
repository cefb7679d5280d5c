"""The server that a page is about. For the pages beside it."""

from django.http import HttpRequest

from vps.errors import VpsNotFound
from vps.models import Vps


def find_vps(request: HttpRequest, id: int) -> Vps:
    """Somebody else's is not there."""
    vps: Vps | None = Vps.objects.visible_to(request.user).with_state().with_external_id().filter(pk=id).first()
    if vps is None:
        raise VpsNotFound
    return vps
