"""The frame of the staff's pages: what the sidebar leads to, and what stands above a list. For templates/admin/."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.views.main import PAGE_VAR
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vps.templatetags.board import thin
from web.admin_columns import short_moment
from web.errors import Sentence
from web.row_estimate import rounded

register = template.Library()
register.filter("short_moment", short_moment)

# To each group of the sidebar its models, in order. What is in none stands in the last.
GROUPS: list[tuple[Sentence, list[str]]] = [
    (_("Servers"), ["Vps", "Operation", "Event"]),
    (_("Infrastructure"), ["Cluster"]),
    (_("Main site"), ["SyncCall", "WebhookEndpoint", "WebhookDelivery", "WebhookAttempt"]),
    (_("People"), ["User", "Group", "Mail"]),
]
OTHERS = _("Others")
# How many rows of a model need a hand, and whether any of that cannot wait: as vps.attention counts it.
Needs = tuple[int, bool]


@register.simple_tag
def sidebar_groups(
    available_apps: list[dict[str, Any]], needs: dict[str, Needs]
) -> list[tuple[Sentence, list[dict[str, Any]]]]:
    """What this reader may look at, by groups: models as Django's `available_apps` has them, and what needs a hand there."""
    models = {
        model["object_name"]: model | {"needs": needs.get(model["object_name"])}
        for app in available_apps
        for model in app["models"]
        if model["admin_url"]
    }
    groups = [(title, [models.pop(name) for name in names if name in models]) for title, names in GROUPS]
    return [(title, found) for title, found in [*groups, (OTHERS, list(models.values()))] if found]


@register.filter
def in_all(groups: list[tuple[Sentence, list[dict[str, Any]]]]) -> Needs | None:
    """What needs a hand in all of these places together."""
    found = [model["needs"] for _title, models in groups for model in models if model["needs"]]
    return (sum(number for number, _is_bad in found), any(is_bad for _number, is_bad in found)) if found else None


@register.simple_tag
def chips(changelist: Any) -> tuple[str, list[dict[str, Any]]] | None:
    """The first filter of a list whose admin `has_chips`: its title, and each choice with the address that makes it."""
    spec = chip_filter(changelist)
    return (str(spec.title), list(spec.choices(changelist))) if spec else None


@register.simple_tag
def other_filters(changelist: Any) -> list[Any]:
    """Those behind the button."""
    first = chip_filter(changelist)
    return [spec for spec in changelist.filter_specs if spec is not first]


@register.simple_tag
def chosen_ones(changelist: Any) -> list[tuple[str, str, str]]:
    """What was chosen of the filters behind the button: (filter, choice, address of the list without it)."""
    found = []
    for spec in other_filters(changelist):
        choices = list(spec.choices(changelist))
        chosen = next((choice for choice in choices[1:] if choice["selected"]), None)
        if chosen:
            found.append((str(spec.title), str(chosen["display"]), choices[0]["query_string"]))
    return found


@register.simple_tag
def page_address(changelist: Any, number: int) -> str:
    """Of that page of a list, whatever it is narrowed to and sorted by."""
    return str(changelist.get_query_string({PAGE_VAR: number}))


@register.filter
def how_many(changelist: Any) -> str:
    """How many rows a list has, as far as they were counted."""
    if not getattr(changelist, "is_cut", False):
        return thin(changelist.result_count)
    if changelist.estimated:
        return gettext("about %(count)s") % {"count": thin(rounded(changelist.estimated))}
    return gettext("more than %(count)s") % {"count": thin(changelist.result_count)}


@register.filter
def to_the_second(when: datetime) -> SafeString | str:
    return short_moment(when, "%H:%M:%S")


def chip_filter(changelist: Any) -> Any:
    has_chips = getattr(changelist.model_admin, "has_chips", False)
    return next(iter(changelist.filter_specs), None) if has_chips else None
