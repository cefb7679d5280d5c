"""What pages have in common whose address is a secret, as the one that a mail holds. The pages of such links call it."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import limits
from accounts.addresses import network_of
from web.limits import Count

Page = Callable[[HttpRequest, str], HttpResponse]


def keeps_address(page: Page) -> Page:
    """No request that leaves the page names its address, in `Referer` or otherwise, and no search engine keeps it.

    Under `no-referrer` browsers would send `Origin: null` with the form too, which the protection against forged forms
    refuses.
    """

    @wraps(page)
    def with_headers(request: HttpRequest, token: str) -> HttpResponse:
        response = page(request, token)
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return with_headers


def gone(request: HttpRequest, template: str, *, is_ours: bool) -> HttpResponse:
    """One page for whatever is wrong with a link: it tells nobody which links there were. What we never made is counted.

    Raises TooManyAttempts.
    """
    if not is_ours:
        limits.spend(Count(limits.LINKS_OF_NETWORK, network_of(request)))
    return render(request, template, {"mails_are_on": settings.MAILS_ARE_ON}, status=410)
