"""`@idempotent`, for endpoints that change something: with an Idempotency-Key, what was done is not done again.

The caller is `request.user`, by its `caller_name`. The answer is written in the transaction of the change, so either both
are there or neither is. Of copies that come at once one does the work, and the others wait a moment for its answer.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from web.errors import PanelError
from web.forgetting import forget
from web.json_pieces import Pieces
from web.models import KeptAnswer

# Visible ASCII, as it stands or as a structured field's string.
KEY = re.compile(r'"([\x21\x23-\x7e]{1,255})"|([\x21-\x7e]{1,255})')
# What JSON in ASCII writes as \uXXXX and other JSON as it stands.
WIDE = re.compile("[^ -~]+")
PATIENCE = "2s"
PIECE = 64 * 1024
KEPT_FOR = timedelta(days=2)
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class InvalidIdempotencyKey(PanelError):
    status = 400
    code = "invalid_idempotency_key"
    message = _("Idempotency-Key must be 1 to 255 visible ASCII characters.")


class IdempotencyKeyReused(PanelError):
    status = 422
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key came with another body before. Use a new key for a new request.")


class RequestInProgress(PanelError):
    status = 409
    code = "request_in_progress"
    message = _("The first request with this Idempotency-Key is still running. Repeat it in a moment.")
    retry_after = 1


def idempotent(endpoint: Callable[..., Response | HttpResponse]) -> Callable[..., Any]:
    """The innermost decorator of a REST endpoint. Refusals are not kept: whoever was refused may ask again under the key."""

    @wraps(endpoint)
    def once(request: Request, **kwargs: Any) -> Response | HttpResponse:
        if request.method != "POST" or "Idempotency-Key" not in request.headers:
            return endpoint(request, **kwargs)
        caller: Any = request.user
        lookup = {"caller": caller.caller_name, "path": request.path.rstrip("/"), "key": key_of(request)}
        with transaction.atomic():
            lock(lookup)
            fingerprint = fingerprint_of(request)
            return kept(lookup, fingerprint) or keep(lookup, fingerprint, endpoint(request, **kwargs))

    return once


def key_of(request: Request) -> str:
    match = KEY.fullmatch(request.headers["Idempotency-Key"])
    if not match:
        raise InvalidIdempotencyKey
    return match[1] or match[2]


def fingerprint_of(request: Request) -> str:
    """Of the body as JSON: spaces and the order of keys do not count."""
    has_body = request.headers.get("Content-Length", "0") not in ("", "0")
    return sha256_of(request.data if has_body else None)


def sha256_of(body: Any) -> str:
    """Of its JSON in ASCII, which is made piece by piece: of Cyrillic it is three times as long as what came."""
    digest = hashlib.sha256()
    for text in texts_of(body):
        for at in range(0, len(text), PIECE):
            digest.update(WIDE.sub(lambda found: json.dumps(found[0])[1:-1], text[at : at + PIECE]).encode())
    return digest.hexdigest()


def texts_of(body: Any) -> Iterator[str]:
    """Its JSON, keys in order, in parts where it was read in pieces."""
    if not isinstance(body, dict) or not any(isinstance(value, Pieces) for value in body.values()):
        yield json.dumps(body, sort_keys=True, ensure_ascii=False)
        return
    for at, key in enumerate(sorted(body)):
        value = body[key]
        yield f"{', ' if at else '{'}{json.dumps(key, ensure_ascii=False)}: "
        yield from value.texts() if isinstance(value, Pieces) else texts_of(value)
    yield "}"


def lock(lookup: dict[str, str]) -> None:
    """Until this transaction ends. Raises RequestInProgress when the first one takes too long."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            cursor.execute(LOCK, [json.dumps(lookup)])
            cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise RequestInProgress from error
        raise


def kept(lookup: dict[str, str], fingerprint: str) -> HttpResponse | None:
    """Raises IdempotencyKeyReused."""
    found = KeptAnswer.objects.filter(**lookup).first()
    if found is None:
        return None
    if found.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return as_json(found.body.encode(), found.status, {"Idempotency-Replayed": "true"})


def keep(lookup: dict[str, str], fingerprint: str, response: Response | HttpResponse) -> HttpResponse:
    body = JSONRenderer().render(response.data) if isinstance(response, Response) else response.content
    KeptAnswer.objects.create(**lookup, fingerprint=fingerprint, status=response.status_code, body=body.decode())
    return as_json(body, response.status_code, {})


def as_json(body: bytes, status: int, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(body, status=status, headers=headers, content_type="application/json")


def forget_old() -> int:
    """Answers past their time. Returns how many."""
    return forget("kept_answers", f"created_at < now() - interval '{KEPT_FOR.days} days'")
