"""Mails as staff see them: to whom, how far, and what keeps one from being sent. accounts.admin loads it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.mails.purposes import PURPOSES
from accounts.models import Mail
from web.admin_columns import short_moment, whole
from web.errors import Sentence
from web.read_only_admin import ReadOnlyAdmin

WAITS, SENT, FAILED, NOTHING = Q(ended_at=None), Q(sent_at__isnull=False), ~Q(problem=""), Q(problem="")
ENDED_UNSENT = Q(ended_at__isnull=False, sent_at=None)
# To each word of the filter which mails it means, and what it is called: as Mail.standing has it.
STATES: dict[str, tuple[Q, Sentence]] = {
    "waiting": (WAITS, _("waits to be sent")),
    "sent": (SENT, _("was sent")),
    "failed": (ENDED_UNSENT & FAILED, _("was not sent")),
    "nothing": (ENDED_UNSENT & NOTHING, _("nothing was to be sent")),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, str(label)) for word, (_rows, label) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Mail]") -> "QuerySet[Mail]":
        chosen = STATES.get(str(self.value()))
        return queryset.filter(chosen[0]) if chosen else queryset


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ["id", "about", "user", "where", "state", "tries", "why", "asked"]
    list_display_links = ["id", "about"]
    list_filter = [StateFilter, "purpose", "created_at"]
    list_select_related: ClassVar[Any] = ["user"]
    search_fields = ["user__username", "user__email", "login", "address", "=user__id"]
    search_help_text = _("Login, e-mail address, customer ID")
    list_per_page = 50
    fields = ["id", "about", "user", "login", "where", "state", "tries", "why", "asked", "due", "ended", "facts"]

    @admin.display(description=_("purpose"), ordering="purpose")
    def about(self, mail: Mail) -> str:
        """As its subject has it."""
        purpose = PURPOSES.get(mail.purpose)
        return str(purpose.subject) if purpose else mail.purpose

    @admin.display(description=_("address"), ordering="address")
    def where(self, mail: Mail) -> SafeString | str:
        """Where it goes, as far as that is known: a login that was typed is looked up as the mail is sent."""
        return whole(mail.address or (mail.user and mail.user.email))

    @admin.display(description=_("state"), ordering="ended_at")
    def state(self, mail: Mail) -> str:
        return str(mail.standing)

    @admin.display(description=_("problem"), ordering="problem")
    def why(self, mail: Mail) -> SafeString | str:
        return whole(mail.problem_in_words)

    @admin.display(description=_("asked for"), ordering="created_at")
    def asked(self, mail: Mail) -> str:
        return short_moment(mail.created_at)

    @admin.display(description=_("next try"))
    def due(self, mail: Mail) -> str:
        return short_moment(None if mail.ended_at else mail.due_at)

    @admin.display(description=_("ended"), ordering="ended_at")
    def ended(self, mail: Mail) -> str:
        return short_moment(mail.ended_at)
