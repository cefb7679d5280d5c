"""People as staff see them: Django's admin of users, with what else we know of them.

Superusers alone give rights, and change whoever has any: nobody gives themselves a right, by way of somebody else either.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, SetUnusablePasswordMixin
from django.contrib.auth.models import Group
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import finders, people
from accounts.mails import admin as mails_admin  # noqa: F401  it registers itself
from accounts.models import User
from web.admin_columns import whole_column
from web.admin_deletion import DeletionInWords
from web.bounded_list import BoundedAdmin

# Nobody has a use for these lists, and the tokens in them are nobody's to read.
admin.site.unregister([BlacklistedToken, OutstandingToken])
admin.site.unregister(Group)
# Sorted as addresses are compared.
EMAIL = whole_column("email", _("email address"), Lower("email"))
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "email")


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Django's joins a help text as it is loaded, in whatever language that is in."""

    usable_password_help_text = SetUnusablePasswordMixin.usable_password_help_text  # type: ignore[assignment]


@admin.register(User)
class PanelUserAdmin(DeletionInWords, BoundedAdmin, UserAdmin):  # type: ignore[type-arg]
    add_form = NewUserForm
    change_password_form = PasswordForm
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "email", "usable_password", "password1", "password2"]})
    ]
    fieldsets = [*UserAdmin.fieldsets, (_("Main site"), {"fields": ["external_id"]})]  # type: ignore[misc]
    readonly_fields = ["external_id"]
    list_display = ["username", "id", "external_id", EMAIL, "is_active", "last_login"]
    sortable_by: ClassVar[Any] = ["username", "id", "external_id", EMAIL]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["username", "email", "first_name", "last_name", "=id", "=external_id"]
    ordering = ["id"]

    def finders(self, word: str) -> list[Q]:
        return finders.people(word)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if is_superuser(request) else [*fields, *RIGHTS]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of the staff, oneself too: whoever writes somebody's password or address can be them."""
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            (people.activate if obj.is_active else people.deactivate)(obj)


@admin.register(Group)
class PanelGroupAdmin(DeletionInWords, GroupAdmin):
    """A group is rights, and whoever is in it has them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


def may_touch(request: HttpRequest, person: Any) -> bool:
    """A customer, or anybody where no one in particular is meant."""
    return is_superuser(request) or person is None or not person.is_of_the_staff
