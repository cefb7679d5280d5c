"""Announces that somebody may have ceased to be who they were: logged out, shut out, with another password.

What has let somebody in for long, as a socket does, listens, and asks anew.
"""

from django.db.models.signals import post_save
from django.dispatch import Signal

from accounts.models import User

# With `user_id`. Sent in the transaction of the change.
changed = Signal()


def announce(user_id: int) -> None:
    changed.send(sender=User, user_id=user_id)


def of_saved(instance: User, **_: object) -> None:
    """A password is set by many ways, and all of them save the user."""
    announce(instance.pk)


post_save.connect(of_saved, sender=User)
