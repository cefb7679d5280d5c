"""Where pages lead beside the panel's own: what the settings name, for every template. Django calls it, by its settings."""

from django.conf import settings
from django.http import HttpRequest


def links(request: HttpRequest) -> dict[str, str]:
    """Each is '' where the settings name none, and is not drawn then; `site_url` is always there."""
    return {
        "site_url": settings.SITE_URL,
        "pay_url": settings.PAY_URL,
        "support_url": settings.SUPPORT_URL,
        "status_url": settings.STATUS_URL,
    }
