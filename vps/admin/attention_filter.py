"""Of a list, the rows of one kind of trouble: where the staff's first page leads, and what its number counts. For all lists
of what can be in trouble."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vps.attention import BY_KEY, KINDS


class AttentionFilter(admin.SimpleListFilter):
    title = _("needs attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.key, str(kind.title % {"count": 2})) for kind in KINDS if kind.model is model_admin.model]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        kind = BY_KEY.get(self.value() or "")
        if kind is None or kind.model is not queryset.model:
            return queryset
        return queryset.filter(pk__in=kind.rows().order_by().values("pk"))
