"""What staff may look at and not touch: for the admins beside it."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.read_only_admin import ReadOnlyAdmin

__all__ = ["ReadOnlyAdmin", "vps_link"]


def vps_link(vps_id: int | None, vps: Any) -> SafeString | str:
    """History outlives its server: what is gone is named by its number."""
    if vps_id is None:
        return "—"
    if vps is None:
        return _("ID %(id)s, deleted") % {"id": vps_id}
    address = reverse("admin:vps_vps_change", args=[vps_id])
    return format_html('<a title="{}" href="{}">{}</a>', vps.name, address, vps.name)
