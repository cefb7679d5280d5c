"""What staff may look at and not touch: for the admins beside it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists and shows; adds, changes and deletes nothing, whoever asks. Its rows come with `list_select_related`."""

    list_select_related: ClassVar[Any] = []

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related(*self.list_select_related)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def vps_link(vps_id: int | None, vps: Any) -> SafeString | str:
    """History outlives its server: what is gone is named by its number."""
    if vps_id is None:
        return "—"
    if vps is None:
        return _("#%(id)s, deleted") % {"id": vps_id}
    return format_html('<a href="{}">{}</a>', reverse("admin:vps_vps_change", args=[vps_id]), vps.name)
