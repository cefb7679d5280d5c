"""The main site asks for a power operation, by itself or on behalf of the owner. Its endpoints call it.

Nothing of it is counted: a customer's limits are for what the customer asks of the panel, and the main site has no such limit.
"""

from typing import Any

from django.db import transaction

from accounts.errors import UserInactive
from accounts.models import User
from vps.errors import UnknownUser
from vps.models import Event, Operation, Vps
from vps.operations.request import request
from web.errors import invalid


@transaction.atomic
def ask_for_main_site(vps: Vps, name: str, *, on_behalf_of: int | None, params: dict[str, Any]) -> Operation:
    """As `request`, and raises UnknownUser, UserInactive, or InvalidInput where that user is not the owner."""
    owner_id = next((one.user_id for one in Vps.objects.locked([vps.pk])), None)
    by = None if on_behalf_of is None else owner_of(owner_id, on_behalf_of)
    return request(vps, name, by=by, source=Event.Source.SYNC, params=params)


def owner_of(owner_id: int | None, user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        sentence = f"There is no user {user_id}."
        raise UnknownUser(sentence, errors={"on_behalf_of": [sentence]})
    if user.pk != owner_id:
        raise invalid({"on_behalf_of": f"Must be the owner of this VPS, and user {user_id} is not."})
    if not user.is_active:
        raise UserInactive(errors={"on_behalf_of": [str(UserInactive.message)]})
    return user
