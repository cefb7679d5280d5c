"""Operations by how they ended, and by why they failed. For their list."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vps.attention.reasons import REASONS
from vps.models import Operation
from vps.models.outcome import OUTCOMES


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(outcome, label) for outcome, (label, _rows) in OUTCOMES.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> "QuerySet[Operation]":
        chosen = OUTCOMES.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


class ReasonFilter(admin.SimpleListFilter):
    title = _("error")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(REASONS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> "QuerySet[Operation]":
        return queryset.filter(error_code=self.value()) if self.value() else queryset
