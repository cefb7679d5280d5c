"""The last calls that were refused or failed, of one code if wished; and every call of one request id.

Where the staff's first page leads here it names a kind of trouble, or since when the calls of the main site are meant.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vps.admin.main_site.section import Section, chosen
from vps.admin.read_only import vps_link
from vps.attention import BY_KEY, Kind
from vps.models import SyncCall

SHOWN = 50
# A stranger's calls bear codes of ours too, so these are few.
CODES_WITHIN = timedelta(days=30)


def facts(request: HttpRequest) -> dict[str, Any]:
    code, request_id = request.GET.get("code", ""), request.GET.get("request_id", "").strip()
    kind, since = BY_KEY.get(request.GET.get("attention", "")), moment(request.GET.get("since", ""))
    calls = meant(kind, since) if kind or since else found(code, request_id)
    page = Paginator(calls.select_related("vps").order_by("-id"), SHOWN).get_page(request.GET.get("p"))
    return {
        "by": chosen(request),
        "code": code,
        "codes": codes(),
        "request_id": request_id,
        "rows": [(call, named(call)) for call in page],
        "page": page,
        "kind": kind and kind.title % {"count": page.paginator.count},
        "since": since,
        "before": page.has_next() and querystring(request, page.next_page_number()),
        "after": page.has_previous() and querystring(request, page.previous_page_number()),
    }


def querystring(request: HttpRequest, number: int) -> str:
    chosen = request.GET.copy()
    chosen["p"] = str(number)
    return chosen.urlencode()


def moment(text: str) -> datetime | None:
    """Of an address that somebody has changed by hand none."""
    with suppress(ValueError):
        found = parse_datetime(text)
        return found if found and timezone.is_aware(found) else None
    return None


def meant(kind: Kind | None, since: datetime | None) -> "QuerySet[SyncCall]":
    if kind and kind.model is SyncCall:
        return kind.rows()
    calls: QuerySet[SyncCall] = SyncCall.objects.troubled().let_in()
    return calls.filter(at__gte=since) if since else calls


def found(code: str, request_id: str) -> "QuerySet[SyncCall]":
    """What is asked for by its id is shown however it ended."""
    calls: QuerySet[SyncCall] = SyncCall.objects.all()
    if request_id:
        return calls.filter(request_id=request_id.replace("\0", ""))
    troubled: QuerySet[SyncCall] = calls.troubled()  # type: ignore[attr-defined]
    return troubled.filter(code=code.replace("\0", "")) if code else troubled


def codes() -> Any:
    """(code, how many calls), the most frequent first."""
    recent = SyncCall.objects.troubled().since(timezone.now() - CODES_WITHIN).exclude(code="")
    return recent.values_list("code").annotate(calls=Sum("count")).order_by("-calls", "code")


SECTION = Section(_("Refused and failed"), "admin/vps/synccall/_last_calls.html", facts)


def named(call: Any) -> SafeString | str:
    """What a call names by its number need never have been there."""
    return vps_link(call.vps_id, call.vps) if call.vps or not call.vps_id else f"#{call.vps_id}"
