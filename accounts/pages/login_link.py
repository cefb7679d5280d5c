"""The page of a link by which the main site lets a customer in."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import login_links
from accounts.addresses import network_of
from accounts.guesses import add_known_network
from accounts.pages.secret_address import gone, keeps_address


@require_http_methods(["GET", "HEAD", "POST"])
@keeps_address
def login_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, and whatever previews links may come as often as it likes; POST logs in, once."""
    if request.method == "POST":
        return log_in_by(request, token)
    return render(request, "accounts/login_link.html") if login_links.is_live(token) else ended(request, token)


def log_in_by(request: HttpRequest, token: str) -> HttpResponse:
    """In a session of its own, whoever was logged in in this browser and whoever gave it its cookie."""
    admission = login_links.use(token)
    if admission is None:
        return ended(request, token)
    logout(request)
    login(request, admission.user, backend="accounts.backends.UsernameOrEmailBackend")
    add_known_network(admission.user, network_of(request))
    return redirect(admission.next)


def ended(request: HttpRequest, token: str) -> HttpResponse:
    """Raises TooManyAttempts."""
    return gone(request, "accounts/login_link_gone.html", is_ours=login_links.is_one(token))
