"""Every address of the panel. Pages end in a slash and the API does not; the sync paths, which others know, take both."""

from django.contrib import admin
from django.urls import include, path

import web.converters  # noqa: F401  registers <id:…>, for accounts too
from web import health
from web.openapi import document

admin.autodiscover()

urlpatterns = [
    path("api/", include("vps.api.urls")),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("api/schema", document.schema, name="schema"),
    path("api/docs", document.docs, name="docs"),
    path("api/auth/", include("accounts.api_urls")),
    path("api/users/", include("accounts.sync_urls")),
    path("admin/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("notices/", include("vps.notice_urls")),
    path("", include("accounts.urls")),
    path("", include("vps.urls")),
]

handler400 = "web.error_responses.bad_request"
handler403 = "web.error_responses.permission_denied"
handler404 = "web.error_responses.not_found"
handler500 = "web.error_responses.server_error"
