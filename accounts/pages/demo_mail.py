"""The mails of the demo, which no SMTP host takes: a list, one of them, and its HTML as a mail program would show it.

There is no such page but in the demo, which is on this machine alone and prints its passwords anyway: it asks for no login,
for who has forgotten a password has none.
"""

from collections.abc import Callable
from datetime import UTC
from email.message import EmailMessage
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.mails import files

# A mail brings its style inline, and nothing else. Its links open beside it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'"
SHOWN = 100
Page = Callable[..., HttpResponse]


def in_demo(page: Page) -> Page:
    @wraps(page)
    def shown(request: HttpRequest, **named: str) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return page(request, **named)

    return shown


@in_demo
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    found = [(name, read(name)) for name in files.names()[:SHOWN]]
    return render(request, "mail/demo_mails.html", {"mails": [shape(name, mail) for name, mail in found]})


@in_demo
@require_safe
def one_mail(request: HttpRequest, name: str) -> HttpResponse:
    mail = read(name)
    return render(request, "mail/demo_mail.html", shape(name, mail) | {"text": part(mail, "plain")})


@in_demo
@require_safe
@xframe_options_sameorigin
def html_of_mail(request: HttpRequest, name: str) -> HttpResponse:
    html = part(read(name), "html").replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(html, headers={"Content-Security-Policy": POLICY})


def read(name: str) -> EmailMessage:
    mail = files.read(name)
    if mail is None:
        raise Http404
    return mail


def shape(name: str, mail: EmailMessage) -> dict[str, object]:
    header = {word: mail.get(word, "") for word in ("Subject", "From", "To", "Reply-To")}
    # Django writes UTC as -0000, which its reader takes for a zone that nobody knows.
    at = mail["Date"].datetime.replace(tzinfo=UTC)
    return {"name": name, "at": at, **{word.replace("-", "_").lower(): value for word, value in header.items()}}


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    return str(found.get_content()) if found else ""
