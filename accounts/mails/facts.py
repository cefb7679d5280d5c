"""What is kept of the request that asked for a mail, and how it is said in the mail. For `enqueue` and `render`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.addresses import address_of
from accounts.mails import devices
from accounts.mails.moments import day_and_time
from accounts.models import Mail


def facts_of(request: HttpRequest) -> dict[str, Any]:
    user_agent = request.headers.get("User-Agent", "")
    return {
        "ip": address_of(request),
        "browser": devices.browser(user_agent),
        "system": devices.system(user_agent),
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }


def language_of(mail: Mail) -> str:
    """That of whoever asked for it."""
    known = dict(settings.LANGUAGES)
    return str(mail.facts.get("language")) if mail.facts.get("language") in known else settings.LANGUAGE_CODE


def in_words(mail: Mail) -> str:
    """Where from, by which device and when. What is not known is left out."""
    ip = mail.facts.get("ip")
    parts = [_("from the address %(ip)s") % {"ip": ip} if ip else "", device_of(mail), day_and_time(mail.created_at)]
    return ", ".join(part for part in parts if part)


def device_of(mail: Mail) -> str:
    browser, system = str(mail.facts.get("browser") or ""), str(mail.facts.get("system") or "")
    return _("%(browser)s on %(system)s") % mail.facts if browser and system else browser or system
