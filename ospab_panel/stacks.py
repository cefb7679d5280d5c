"""Two stacks of middlewares, one for pages and one for programs: what a browser needs costs an API call nothing.

Django calls it, as one middleware. `settings.PAGE_MIDDLEWARE` and `settings.API_MIDDLEWARE` name what is in them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from web.error_responses import is_api

GetResponse = Callable[[HttpRequest], HttpResponse]
# The one page under /api, for people to read.
DOCS = "/api/docs"


class Stack:
    """Middlewares around the view, as Django itself lays them."""

    def __init__(self, names: Iterable[str], get_response: GetResponse) -> None:
        self.handle: Any = get_response
        self.hooks: list[Any] = []
        for name in reversed([*names]):
            middleware = import_string(name)(self.handle)
            self.hooks.insert(0, middleware)
            self.handle = convert_exception_to_response(middleware)

    def first_answer(self, hooks: Iterable[Any], name: str, *args: Any) -> HttpResponse | None:
        answers: Iterable[HttpResponse | None] = (getattr(one, name)(*args) for one in hooks if hasattr(one, name))
        return next((answer for answer in answers if answer is not None), None)


class Stacks:
    def __init__(self, get_response: GetResponse) -> None:
        self.pages = Stack(settings.PAGE_MIDDLEWARE, get_response)
        self.programs = Stack(settings.API_MIDDLEWARE, get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = self.of(request).handle(request)
        return answer

    def of(self, request: HttpRequest) -> Stack:
        return self.programs if is_api(request) and request.path_info.rstrip("/") != DOCS else self.pages

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        stack = self.of(request)
        return stack.first_answer(stack.hooks, "process_view", request, *view)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django asks the innermost first."""
        stack = self.of(request)
        return stack.first_answer(reversed(stack.hooks), "process_exception", request, error)
