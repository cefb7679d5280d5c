"""The page of one's own account."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.email_change import pending
from accounts.pages.own_email import can_change


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context = {"can_change_email": can_change(user), "change": pending(user.pk)}
    return render(request, "accounts/profile.html", context)
