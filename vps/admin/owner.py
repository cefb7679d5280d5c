"""People as staff see them, with how many servers each has."""

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin import EMAIL, PanelUserAdmin
from accounts.models import User
from vps.models import Vps
from web.admin_columns import moment_column

admin.site.unregister(User)


@admin.register(User)
class OwnerAdmin(PanelUserAdmin):
    list_display = [
        "username",
        "id",
        "external_id",
        EMAIL,
        "servers",
        "is_active",
        moment_column("last_login", _("last login")),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Servers are counted of those alone who are shown."""
        theirs = Vps.objects.filter(user=OuterRef("pk")).order_by().values("user").annotate(count=Count("pk"))
        count = Coalesce(Subquery(theirs.values("count")), 0, output_field=IntegerField())
        found: QuerySet[User] = super().get_queryset(request).annotate(server_count=count)
        return found

    @admin.display(description=_("servers"))
    def servers(self, user: User) -> SafeString | int:
        count: int = user.server_count  # type: ignore[attr-defined]
        if not count:
            return 0
        address = reverse("admin:vps_vps_changelist") + f"?user__id__exact={user.pk}"
        return format_html('<a href="{}">{}</a>', address, count)
