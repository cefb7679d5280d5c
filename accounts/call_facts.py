"""What an endpoint of the main site notes of a call, for the staff: what was asked, and of whom. Such endpoints use it.

Whoever logs the call reads it off the request, once the answer is there.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import MainSite
from web.integers import INT_MAX
from web.json_pieces import Pieces

Endpoint = Callable[..., Any]
LONGEST_READ = 10_000
LONGEST_ID = 191


def note(request: Request, **facts: Any) -> None:
    """Of a fact that is noted twice, the later one counts."""
    request._request.call_facts = (facts_of(request._request) or {}) | facts  # type: ignore[attr-defined]


def facts_of(request: HttpRequest) -> dict[str, Any] | None:
    """What was noted; None where the main site did not come in by its key. What is refused before its endpoint sees it, as
    another method is, notes nothing but that.
    """
    # By its type: a user of a session, who is fetched when asked for, is not asked for.
    is_let_in = type(getattr(request, "user", None)) is MainSite
    noted: dict[str, Any] | None = getattr(request, "call_facts", None)
    return {"action": default_action(request)} if noted is None and is_let_in else noted


def notes_calls(noun: str = "", action: str = "") -> Callable[[Endpoint], Endpoint]:
    """A decorator, below those of REST framework and above @idempotent: an answer from memory is a call too.

    `noun` is what the endpoint's bodies, or the names in its path, are about. `action` is given where neither the body nor
    the end of the path says it. Of callers other than the main site nothing is noted.
    """

    def make(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        def noting(request: Request, **kwargs: Any) -> Any:
            if not isinstance(request.user, MainSite):
                return endpoint(request, **kwargs)
            note(request, action=action or default_action(request), **of_path(kwargs, noun))
            if request.method == "POST" and not kwargs:
                note(request, **of_body(request.data, noun))
            response = endpoint(request, **kwargs)
            note(request, **of_noun(data_of(response), noun))
            return response

        return noting

    return make


def default_action(request: Request | HttpRequest) -> str:
    """Where no body names one: batch, login-link."""
    if request.method == "GET":
        return "digest" if "digest" in request.GET else "read"
    return request.path.rstrip("/").rpartition("/")[2]


def of_path(names: dict[str, Any], noun: str) -> dict[str, Any]:
    """Whom the address names, whatever a body says."""
    return of_noun({noun: names}, noun) if noun else {}


def of_body(body: Any, noun: str) -> dict[str, Any]:
    """Of a body whose shape nobody has checked yet."""
    if not isinstance(body, dict):
        return {}
    action, operations = body.get("action"), body.get("operations")
    facts = of_noun(body, noun)
    facts |= {"action": action} if isinstance(action, str) else {}
    return facts | ({"operations": len(operations)} if isinstance(operations, list | Pieces) else {})


def of_noun(body: Any, noun: str) -> dict[str, Any]:
    """Whom {"<noun>": {…}} is about."""
    given = body.get(noun) if isinstance(body, dict) else None
    if not isinstance(given, dict):
        return {}
    id, external_id = given.get("id"), given.get("external_id")
    facts: dict[str, Any] = {f"{noun}_id": id} if type(id) is int and 0 < id <= INT_MAX else {}
    return facts | ({"external_id": external_id[:LONGEST_ID]} if isinstance(external_id, str) else {})


def data_of(response: Response | HttpResponse) -> Any:
    """The answer's data, where it is no long list: an answer from memory has nothing but its bytes."""
    if isinstance(response, Response):
        return response.data
    return json.loads(response.content) if len(response.content) <= LONGEST_READ else None
