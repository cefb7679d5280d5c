"""HTTP through Django's WSGI handler: a thread computes, the event loop talks. ospab_panel.asgi serves it.

A thread is taken once the body is there, and is free once the answer is: no caller, however slow, holds one.
"""

import asyncio
import contextlib
import contextvars
import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from ospab_panel.server import request_body
from ospab_panel.server.admission import Admission
from ospab_panel.server.memory_budget import Budget, OverBudget
from ospab_panel.server.plain_page import is_for_people, plain_page
from ospab_panel.server.request_body import LARGER_THAN, MIB, Gone, Request, TooLarge
from ospab_panel.server.wsgi_environ import Headers, environ_of

log = logging.getLogger(__name__)
CLOSE = (b"connection", b"close")
# So many keep an interpreter busy, though each waits for PostgreSQL now and then.
FEW = 3
# Whoever comes later would wait for longer than they are willing to.
MOST_WAITING = 1000
PIECE = 64 * 1024
# A whole answer; ospab_panel.server.write_limit ends sooner who takes next to nothing.
TAKEN_WITHIN_S = 300
answers = Budget(64 * MIB)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes


def refusal(status: int, code: str, message: str, *more: tuple[bytes, bytes]) -> Answer:
    body = json.dumps({"status": "error", "message": message, "code": code}).encode()
    return Answer(status, [(b"content-type", b"application/json"), *more, CLOSE], body)


LATE = refusal(408, "request_timeout", "The body did not come in time.")
BUSY = refusal(503, "service_unavailable", "The panel is busy. Try again in a moment.", (b"retry-after", b"5"))
BUSY_PAGE = Answer(
    BUSY.status, [(b"content-type", b"text/html; charset=utf-8"), *BUSY.headers[1:]], plain_page(seconds=5)
)
BROKEN = refusal(500, "internal_error", "Something went wrong on our side.")


class WsgiBridge:
    def __init__(self, application: Any, threads: int) -> None:
        self.application = application
        self.count = threads
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="WSGI")
        self.admission = Admission(FEW)
        self.waiting = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        try:
            answer = await self.answer_to(request, scope, receive)
            await send_answer(answer, send)
        except Gone:
            return
        except TimeoutError:
            await send_answer(LATE, send)
        except OverBudget:
            await send_answer(BUSY_PAGE if is_for_people(scope) else BUSY, send)

    async def answer_to(self, request: Request, scope: Any, receive: Any) -> Answer:
        """Raises Gone, TimeoutError, OverBudget."""
        if self.waiting >= MOST_WAITING:
            raise OverBudget
        with request.budget.share() as share:
            try:
                environ = environ_of(scope, await request_body.buffer_body(request, receive, share))
            except TooLarge:
                return closing(await self.compute(environ_of(scope, b"") | {LARGER_THAN: request.largest}, never))
            return await self.compute(environ, partial(until_gone, receive))

    async def compute(self, environ: dict[str, Any], gone: Any) -> Answer:
        """In a thread, unless the caller has hung up before its turn comes. Raises Gone."""
        if self.waiting < self.count:
            return await self.run_in_thread(environ, lambda: False)
        hung_up = asyncio.ensure_future(gone())
        try:
            return await self.run_in_thread(environ, hung_up.done)
        finally:
            hung_up.cancel()

    async def run_in_thread(self, environ: dict[str, Any], is_gone: Callable[[], bool]) -> Answer:
        context = contextvars.copy_context()
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            async with self.admission.admitted():
                return await loop.run_in_executor(self.threads, context.run, self.run, environ, is_gone)
        finally:
            self.waiting -= 1

    def run(self, environ: dict[str, Any], is_gone: Callable[[], bool]) -> Answer:
        if is_gone():
            raise Gone
        try:
            return collected(self.application, environ)
        except Exception:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return BROKEN


def collected(application: Any, environ: dict[str, Any]) -> Answer:
    """The whole answer. Django's connections go back to their pool as it is closed."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    parts: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return parts.append

    response: Iterable[bytes] = application(environ, start_response)
    try:
        parts += response
    finally:
        getattr(response, "close", lambda: None)()
    status, headers = started[0]
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Answer(int(status[:3]), encoded, b"".join(parts))


def closing(answer: Answer) -> Answer:
    """What the caller goes on sending is not the next request."""
    return Answer(answer.status, [*answer.headers, CLOSE], answer.body)


async def until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def never() -> None:
    """Whoever sends too much is not listened to, not even for hanging up: `receive` would have it go on."""
    await asyncio.get_running_loop().create_future()


async def send_answer(answer: Answer, send: Any) -> None:
    """Whoever does not take it is cut off. Raises OverBudget where there is no room for it."""
    with answers.share() as share:
        answers.reserve(share, len(answer.body))
        if len(answer.body) <= PIECE:
            await send_all(answer, send)  # The write limit alone is enough for what fits into the kernel's buffers.
            return
        with contextlib.suppress(TimeoutError, OverBudget):
            async with share.waiting(TAKEN_WITHIN_S):
                await send_all(answer, send)


async def send_all(answer: Answer, send: Any) -> None:
    """Piece by piece, each once the caller has taken most of the one before."""
    await send({"type": "http.response.start", "status": answer.status, "headers": with_length(answer)})
    for at in range(0, len(answer.body), PIECE):
        piece, has_more = answer.body[at : at + PIECE], at + PIECE < len(answer.body)
        await send({"type": "http.response.body", "body": piece, "more_body": has_more})
    if not answer.body:
        await send({"type": "http.response.body", "body": b""})


def with_length(answer: Answer) -> Headers:
    has_length = any(name == b"content-length" for name, _ in answer.headers)
    if has_length or answer.status in (204, 304):
        return answer.headers
    return [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
