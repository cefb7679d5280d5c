"""What becomes of a page whose reader is nobody any more. Django calls the middleware, and the page of logging in asks why.

A page leads to log in, and says there what happened; a fragment of an open page, or what a script asks for, is 401, and the
page stays as it is with a dialog over it. Who comes for the first time, or has logged out, is told nothing of a session.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from web.errors import Sentence
from web.next_page import open_page

GetResponse = Callable[[HttpRequest], HttpResponse]

ENDED, LEFT, DEACTIVATED = "ended", "left", "deactivated"
# By the word that the address of the page of logging in has.
SENTENCES: dict[str, Sentence] = {
    ENDED: _("Your session has ended. Log in to go on."),
    LEFT: _("You are logged out."),
    DEACTIVATED: _("This account is disabled. Support can tell you why."),
}


def announce_session_end(get_response: GetResponse) -> GetResponse:
    login = reverse("accounts:login")

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.headers.get("Location", "").startswith(f"{login}?next="):
            return response
        why = why_nobody(request)
        if is_of_open_page(request):
            facts = {"why": why, "login": f"{login}?{urlencode({'next': open_page(request)})}"}
            return render(request, "accounts/_session_ended.html", facts, status=401)
        if why:
            response["Location"] += f"&why={why}"
        return response

    return middleware


def is_of_open_page(request: HttpRequest) -> bool:
    """Whether a page asks for it, and not its reader for a page. Browsers say so of what scripts ask for."""
    is_htmx = bool(getattr(request, "htmx", False))
    return is_htmx or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def why_nobody(request: HttpRequest) -> str:
    """Of whose session nothing is left it is said that it has ended; '' of who has had none."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    user_id: Any = request.session.get(SESSION_KEY)
    is_shut_out = bool(user_id) and User.objects.filter(pk=user_id, is_active=False).exists()
    return DEACTIVATED if is_shut_out else ENDED
