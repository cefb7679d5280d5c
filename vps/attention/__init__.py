"""What needs a hand: every kind of trouble, to staff who may look at its rows. For the staff's first page and lists.

* `kind`: what a kind is; `kinds`: the table of all, the worst first.
* `clusters`, `mails`, `main_site`, `operations`, `servers`, `webhooks`: the kinds themselves.
* `sidebar`: how many there are of each model.
* `summary`: how many there are of each, since when, and in what words. `reasons`: why operations failed, in few words.
"""

from typing import Any

from django.db.models import Model

from vps.attention.kind import Kind
from vps.attention.kinds import BY_KEY, KINDS
from vps.attention.sidebar import needs
from vps.attention.summary import Trouble, troubles

__all__ = ["BY_KEY", "KINDS", "Kind", "Trouble", "may_look_at", "may_see_all", "needs", "troubles", "troubles_for"]


def may_look_at(user: Any, model: type[Model]) -> bool:
    return bool(user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"))


def may_see_all(user: Any) -> bool:
    """Whether nothing found means that all is well."""
    return all(may_look_at(user, kind.model) for kind in KINDS)


def troubles_for(user: Any) -> list[Trouble]:
    return troubles([kind for kind in KINDS if may_look_at(user, kind.model)])
