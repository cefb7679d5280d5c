"""What a door of the main site says of a call, for the staff: what was asked, and of whom. The doors of its key use it.

ospab_panel.main_site reads it off the request, once the answer is there.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import MainSite
from web.fields import INT_MAX

Door = Callable[..., Any]
LONGEST_READ = 10_000
LONGEST_ID = 191


def tell(request: Request, **facts: Any) -> None:
    """`facts` are fields of vps.services.sync_calls.Call; the later word counts."""
    request._request.told = getattr(request._request, "told", {}) | facts  # type: ignore[attr-defined]


def seen(door: Door) -> Door:
    """A door's decorator, below those of REST framework and above @idempotent: an answer from memory is a call too.

    Of callers other than the main site, where a door has such, nothing is told.
    """

    @wraps(door)
    def telling(request: Request, **kwargs: Any) -> Any:
        if not isinstance(request.user, MainSite):
            return door(request, **kwargs)
        tell(request, action=default_action(request))
        tell(request, **(asked(request.data if request.method == "POST" else None) | of_path(kwargs)))
        response = door(request, **kwargs)
        tell(request, **named(answered(response)))
        return response

    return telling


def default_action(request: Request) -> str:
    """Where no body names one: batch, login-link."""
    if request.method == "GET":
        return "digest" if "digest" in request.query_params else "read"
    return request.path.rstrip("/").rpartition("/")[2]


def of_path(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keyed doors whose path has an id are those of users."""
    return {"user_id": kwargs["id"]} if "id" in kwargs else {}


def asked(body: Any) -> dict[str, Any]:
    """Of a body whose shape nobody has checked yet."""
    if not isinstance(body, dict):
        return {}
    action, operations = body.get("action"), body.get("operations")
    facts = named(body)
    facts |= {"action": action} if isinstance(action, str) else {}
    return facts | ({"operations": len(operations)} if isinstance(operations, list) else {})


def named(body: Any) -> dict[str, Any]:
    """Whom {"vps": {…}} or {"user": {…}} is about."""
    facts: dict[str, Any] = {}
    for noun, fact in (("vps", "vps_id"), ("user", "user_id")):
        one = body.get(noun) if isinstance(body, dict) else None
        if isinstance(one, dict):
            id, external_id = one.get("id"), one.get("external_id")
            facts |= {fact: id} if type(id) is int and 0 < id <= INT_MAX else {}
            facts |= {"external_id": external_id[:LONGEST_ID]} if isinstance(external_id, str) else {}
    return facts


def answered(response: Response | HttpResponse) -> Any:
    """The answer's data, where it is no long list: an answer from memory has nothing but its bytes."""
    if isinstance(response, Response):
        return response.data
    return json.loads(response.content) if len(response.content) <= LONGEST_READ else None
