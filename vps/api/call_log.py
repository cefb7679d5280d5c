"""Logs every call of the main site as it ends, whoever refused it. Django calls it; services.sync_calls writes it down."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.call_facts import facts_of
from vps.services import sync_calls
from web import request_id
from web.error_responses import is_api

ADDRESSES = re.compile(r"/+api/(vps/sync|users)(/|$)", re.IGNORECASE)


def log_main_site_calls(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = get_response(request)
        if is_main_sites(request):
            sync_calls.log_call(call_of(request, response, time.monotonic() - began))
        return response

    return middleware


def is_main_sites(request: HttpRequest) -> bool:
    """Meant for an endpoint of the key, or with a key, be it a wrong one."""
    return bool(ADDRESSES.match(request.path_info)) or (is_api(request) and "X-API-Key" in request.headers)


def call_of(request: HttpRequest, response: HttpResponse, seconds: float) -> sync_calls.Call:
    facts = facts_of(request)
    return sync_calls.Call(
        request_id=request_id.current.get(),
        method=request.method or "",
        path=request.path,
        status=response.status_code,
        duration_ms=round(seconds * 1000),
        ip=request.META.get("REMOTE_ADDR", ""),
        is_let_in=facts is not None,
        replayed="Idempotency-Replayed" in response,
        **refusal(response),
        **(facts or {}),
    )


def refusal(response: HttpResponse) -> dict[str, Any]:
    """Every failure of an API path is JSON with both of them."""
    if response.status_code < 400 or response.headers.get("Content-Type") != "application/json":
        return {}
    answer = json.loads(response.content)
    return {name: str(answer.get(name, "")) for name in ("code", "message")}
