"""Events as staff see them: what happened, to which server, by whom and from where."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vps.admin import finders
from vps.admin.event_words import in_words
from vps.admin.read_only import ReadOnlyAdmin, vps_link
from vps.models import Event
from web.admin_columns import moment_column, whole


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", moment_column("created_at", _("when")), "type", "server", "by", "source", "words"]
    list_filter = ["type", "source", "created_at"]
    list_select_related: ClassVar[Any] = ["vps", "by", "operation"]
    search_fields = ["vps__name", "=vps__id", "user__username", "by__username"]
    search_help_text = _("Server's name or ID, user")
    # As the feed has them; by whom and of what they are has no order that an index has.
    ordering = ["-position"]
    sortable_by = ["id"]
    fields = ["type", "server", "user", "operation", "by", "source", "created_at", "words", "data"]

    def finders(self, word: str) -> list[Q]:
        return [finders.of_servers(word), *finders.of_people(word, "user_id", "by_id")]

    @admin.display(description=_("server"))
    def server(self, event: Any) -> SafeString | str:
        return vps_link(event.vps_id, event.vps)

    @admin.display(description=_("what exactly"))
    def words(self, event: Any) -> SafeString | str:
        return whole(in_words(event))
