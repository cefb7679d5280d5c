"""What needs a hand, the worst first: each kind of trouble a line, which leads to exactly its rows."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vps.attention import Kind, may_see_all, troubles_for
from vps.board.section import Section


def facts(user: Any) -> dict[str, Any]:
    found = troubles_for(user)
    return {"lines": [(trouble, address_of(trouble.kind)) for trouble in found], "sees_all": may_see_all(user)}


def address_of(kind: Kind) -> str:
    names = kind.model._meta
    return f"{reverse(f'admin:{names.app_label}_{names.model_name}_changelist')}?attention={kind.key}"


SECTION = Section("attention", _("Needs attention"), (), facts)
