"""Mails as staff see them, with those that need a hand: accounts, which shows the rest, does not know of trouble."""

from typing import Any, ClassVar

from django.contrib import admin

from accounts.mails.admin import MailAdmin
from accounts.models import Mail
from vps.admin.attention_filter import AttentionFilter

admin.site.unregister(Mail)


@admin.register(Mail)
class TroubledMailAdmin(MailAdmin):
    has_chips = True
    list_filter: ClassVar[Any] = [MailAdmin.list_filter[0], AttentionFilter, *MailAdmin.list_filter[1:]]
