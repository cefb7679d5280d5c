"""What is sent to /api/users/sync: told from the serializer that checks it, and the table of what an action takes."""

from typing import Any, ClassVar

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from accounts.sync_api import IDS, NEEDED, TAKEN, UserInput
from ospab_panel.openapi.nouns.people import SYNCED_FIELDS
from ospab_panel.openapi.shapes import Schema
from web.fields import OneOf


class UserOf(UserInput):
    """What one action takes of UserInput, and needs."""

    action: ClassVar[str]

    def get_fields(self) -> dict[str, Any]:
        fields = {name: field for name, field in super().get_fields().items() if name in TAKEN[self.action]}
        for name in NEEDED[self.action]:
            fields[name].required = True
        return fields


class UserToCreate(UserOf):
    action = "create"


class UserToUpdate(UserOf):
    action = "update"


class UserToDeactivate(UserOf):
    action = "deactivate"


class UserSyncCreate(serializers.Serializer[Any]):
    action = OneOf(["create"])
    user = UserToCreate()


class UserSyncUpdate(serializers.Serializer[Any]):
    action = OneOf(["update"])
    user = UserToUpdate()


class UserSyncDeactivate(serializers.Serializer[Any]):
    action = OneOf(["deactivate"])
    user = UserToDeactivate()


SYNC = PolymorphicProxySerializer(
    "UserSync", {"create": UserSyncCreate, "update": UserSyncUpdate, "deactivate": UserSyncDeactivate}, "action"
)
SAID: dict[str, Schema] = {
    "action": {"description": "What has happened to the account."},
    "user": {"description": "Its fields."},
}
ABOUT_FIELDS: dict[str, dict[str, Schema]] = {
    **{f"UserTo{action.title()}": SYNCED_FIELDS for action in NEEDED},
    **{f"UserSync{action.title()}": SAID for action in NEEDED},
}
BY_AN_ID = {"anyOf": [{"required": [name]} for name in sorted(IDS, reverse=True)]}
ABOUT: dict[str, Schema] = {
    "UserToCreate": {"description": "A new customer."},
    "UserToUpdate": {"description": "Who, by `id` or `external_id`, and at least one field more."} | BY_AN_ID,
    "UserToDeactivate": {"description": "Who, by `id` or `external_id`."} | BY_AN_ID,
}
