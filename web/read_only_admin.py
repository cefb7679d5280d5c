"""What staff may look at and not touch: for the admins of the apps."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

from web.bounded_list import BoundedAdmin


class ReadOnlyAdmin(BoundedAdmin):
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
