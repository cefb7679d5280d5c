"""The last calls that were refused or failed, of one code if wished; and every call of one request id."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vps.admin.main_site.section import Section, chosen
from vps.admin.read_only import vps_link
from vps.models import SyncCall

SHOWN = 50
# A stranger's calls bear codes of ours too, so these are few.
CODES_WITHIN = timedelta(days=30)


def facts(request: HttpRequest) -> dict[str, Any]:
    code, request_id = request.GET.get("code", ""), request.GET.get("request_id", "").strip()
    calls = found(code, request_id).select_related("vps")[:SHOWN]
    return {
        "by": chosen(request),
        "code": code,
        "codes": codes(),
        "request_id": request_id,
        "rows": [(call, named(call)) for call in calls],
    }


def found(code: str, request_id: str) -> "QuerySet[SyncCall]":
    """What is asked for by its id is shown however it ended."""
    calls: QuerySet[SyncCall] = SyncCall.objects.order_by("-id")
    if request_id:
        return calls.filter(request_id=request_id.replace("\0", ""))
    troubled: QuerySet[SyncCall] = SyncCall.objects.troubled().order_by("-id")
    return troubled.filter(code=code.replace("\0", "")) if code else troubled


def codes() -> Any:
    """(code, how many calls), the most frequent first."""
    recent = SyncCall.objects.troubled().since(timezone.now() - CODES_WITHIN).exclude(code="")
    return recent.values_list("code").annotate(calls=Sum("count")).order_by("-calls", "code")


SECTION = Section(_("Refused and failed"), "admin/vps/synccall/_last_calls.html", facts)


def named(call: Any) -> SafeString | str:
    """What a call names by its number need never have been there."""
    return vps_link(call.vps_id, call.vps) if call.vps or not call.vps_id else f"#{call.vps_id}"
