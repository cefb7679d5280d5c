"""What people are told of how things ended: put away once it was seen, and forgotten after a time. Pages and tasks call it."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from vps import notify
from vps.models import Notice, Vps
from web.forgetting import forget


@transaction.atomic
def dismiss(user: Any, ids: Iterable[int] | None = None) -> None:
    """This user has seen these of their own, or all. Their open pages take them away, and the marks of the rows with them."""
    mine = Notice.objects.filter(user=user)
    seen = mine if ids is None else mine.filter(pk__in=list(ids))
    marked = Vps.objects.visible_to(user).filter(notices__in=seen.unseen()).distinct()
    changed = list(marked.values_list("pk", "user_id"))
    seen.dismiss()
    notify.many_pages(changed)
    notify.notices([user.pk])


def forget_old() -> int:
    """Those that were seen 30 days ago, and those that nobody came to see for 90. Returns how many went."""
    seen = forget("notices", "seen_at < now() - interval '30 days'")
    return seen + forget("notices", "created_at < now() - interval '90 days'")
