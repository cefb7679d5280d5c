"""Is the panel alive, and can it serve? The launcher, a load balancer and monitoring call it: anybody may.

They ask each process by its address, so these two answer by whatever name they are asked.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

PROBES = {"/healthz", "/readyz"}


def accept_any_host(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware, before any that looks at the host. Neither answer holds a host's name."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            request.META["HTTP_HOST"] = settings.PANEL_HOST
        return get_response(request)

    return middleware


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """503 without a PostgreSQL that takes writes. Redis only makes the panel slower, so it is reported."""
    states = {"postgresql": state_of_database(), "redis": state_of_redis()}
    if states["postgresql"] == "ok":
        return JsonResponse(states)
    return JsonResponse(states, status=503, headers={"Retry-After": "5"})


def state_of_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            return "read only" if cursor.fetchone()[0] == "on" else "ok"
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        return type(error).__name__


def state_of_redis() -> str:
    try:
        cache.get("ready")
    except RedisError as error:
        return type(error).__name__
    return "ok"
