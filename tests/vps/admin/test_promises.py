"""What customers are told of the staff is true: G2. "Our staff see it" means that their first page leads to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from tests.vps.admin.reading import lines, words
from vps import errors, operations
from vps.models import Operation, Vps
from vps.models.failures import FAILURES
from vps.services import creation
from web.errors import PanelError

SEES = "ur staff see"
Stage = Callable[[Any, Any], object]


def fail(code: str) -> Stage:
    def stage(vps: Any, bind: Any) -> None:
        """As the engine ends it: the customer is told by a notice."""
        bind(vps)
        asked = {"requested_by": vps.user, "source": "page", "deadline_at": timezone.now()}
        operation = Operation.objects.create(vps=vps, kind="reboot", **asked)
        assert operation.end("failed", error_code=code)

    return stage


def give_up_creating(vps: Any, bind: Any) -> None:
    Vps.objects.update(status="creating", updated_at=timezone.now() - timedelta(hours=2))
    assert creation.enforce() == 1


STAGES: dict[str, Stage] = {
    "vps_unbound": lambda vps, bind: None,
    "vps_missing": lambda vps, bind: bind(vps, missing_since=timezone.now()),
    "identity_mismatch": lambda vps, bind: bind(vps, missing_since=timezone.now(), identity_mismatch="uuid-9"),
    "creating_timed_out": give_up_creating,
}


def promising() -> list[str]:
    """The codes of all sentences that say so."""
    return sorted(code for code, text in sentences().items() if SEES in text)


def sentences() -> dict[str, str]:
    refusals = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PanelError)]
    with translation.override("en"):
        messages = {kind.code: str(kind.message) for kind in refusals}
        return messages | {code: str(failure.sentence) for code, failure in FAILURES.items()}


@pytest.mark.parametrize("code", promising())
def test_attention_names_what_customers_are_promised_that_staff_see(
    as_user: Any, alice: Any, carol: Any, make_vps: Any, bind: Any, code: str
) -> None:
    vps = make_vps(alice, name="shop-of-alice")
    STAGES.get(code, fail(code))(vps, bind)
    vps = Vps.objects.get(pk=vps.pk)
    refusal = operations.refusal(vps)
    messages = as_user(alice).get(f"/vps/{vps.pk}/").content.decode()
    assert SEES in messages, f"{refusal}: the customer is told so"
    staff = as_user(carol)
    behind = [words(staff.get(line.address).content.decode()) for line in lines(staff).values()]
    assert any("shop-of-alice" in page for page in behind), "one click from the first page"


def test_sentences_promise_nobody_that_staff_have_been_informed() -> None:
    assert [text for text in sentences().values() if "been told" in text] == []
