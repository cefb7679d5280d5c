"""A WSGI function with three endpoints, and nothing between them and the database. benchmarks.bare.asgi serves it."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from psycopg_pool import ConnectionPool

from benchmarks.bare.callers import Callers
from benchmarks.bare.listing import list_of
from benchmarks.bare.refusal import Refused
from benchmarks.bare.writing import synced
from web.request_id import chosen

REASONS = {200: "200 OK", 201: "201 Created", 400: "400 Bad Request", 401: "401 Unauthorized", 404: "404 Not Found"}
# How the pool opens connections. Each statement is planned once a connection: it means the same rows whatever it is given.
OPENED = {"autocommit": True, "options": "-c timezone=UTC -c plan_cache_mode=force_generic_plan"}
# To what JSON does not escape and JavaScript of before 2019 does not read, what stands for it.
LINE_ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})


class Bare:
    def __init__(self, pool: "ConnectionPool[Any]", callers: Callers) -> None:
        self.pool, self.callers = pool, callers

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = chosen(environ.get("HTTP_X_REQUEST_ID", ""))
        try:
            status, answer = self.answer_to(environ, request_id)
        except Refused as refused:
            status = refused.status
            answer = {"status": "error", "message": refused.message, "code": refused.code}
        text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        body = (text if text.isascii() else text.translate(LINE_ENDS)).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(REASONS[status], [*headers, ("Cache-Control", "no-store"), ("X-Request-ID", request_id)])
        return (body,)

    def answer_to(self, environ: dict[str, Any], request_id: str) -> tuple[int, dict[str, Any]]:
        call = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if call == ("GET", "/api/vps"):
            bearer = self.callers.bearer(environ.get("HTTP_AUTHORIZATION", ""))
            with self.pool.connection() as connection:
                return 200, list_of(connection, bearer)
        if call == ("POST", "/api/vps/sync"):
            self.callers.refuse_key(environ.get("HTTP_X_API_KEY", ""))
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            with self.pool.connection() as connection:
                return synced(connection, body, request_id)
        raise Refused(404, "not_found", "There is nothing at this address.")
