"""Is the panel alive, and can it serve? Called by the launcher, a load balancer and monitoring; needs no login."""

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """503 without PostgreSQL (Django's error handling says so). Redis only makes the panel slower, so it is reported."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    try:
        cache.get("ready")
        redis = "ok"
    except RedisError as error:
        redis = type(error).__name__
    return JsonResponse({"postgresql": "ok", "redis": redis})
