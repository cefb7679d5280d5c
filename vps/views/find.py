"""The server that a page is about. For the pages beside it."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vps.errors import VpsNotFound
from vps.models import Tombstone, Vps

DELETED = _("This server was deleted.")


def find_vps(request: HttpRequest, id: int) -> Vps:
    """Somebody else's is not there. Whose it was when it was deleted is told that."""
    vps: Vps | None = Vps.objects.visible_to(request.user).with_state().with_external_id().filter(pk=id).first()
    if vps is None:
        raise VpsNotFound(DELETED if Tombstone.objects.of(id, request.user).exists() else None)
    return vps
