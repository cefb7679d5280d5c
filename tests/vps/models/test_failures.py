"""Every reason of a failed operation has words in both languages, and ways out that are there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from vps.models import Operation, Vps
from vps.models.failures import AGAIN, BY_FORCE, FAILURES, UNKNOWN, Failure, advice_of, sentence_of, ways_out_of
from vps.operations.verbs import VERBS, ways_out_of_failure
from vps.templatetags.panel import ways_out

every_failure = pytest.mark.parametrize("failure", [*FAILURES.values(), UNKNOWN], ids=[*FAILURES, "unknown"])


def words(failure: Failure) -> Iterator[str]:
    yield from (str(sentence) for sentence in (failure.sentence, *failure.advice))


@every_failure
def test_failure_has_its_words_in_both_languages(failure: Failure) -> None:
    with translation.override("en"):
        english = list(words(failure))
    with translation.override("ru"):
        assert set(words(failure)) & set(english) == set()
    assert all(sentence.endswith(".") for sentence in english)


@every_failure
def test_failure_has_ways_out_that_are_verbs_and_advice_beside_them(failure: Failure) -> None:
    assert set(failure.ways_out) <= {*VERBS, AGAIN, BY_FORCE}
    assert failure.advice or not failure.ways_out, "a button says why it is there"


def test_failure_of_an_unknown_code_has_words_too() -> None:
    assert (sentence_of("brand_new"), advice_of("brand_new"), ways_out_of("brand_new")) == UNKNOWN


def failed(vps: Vps, code: str, kind: str = "reboot", **columns: Any) -> Operation:
    now = timezone.now()
    ended = {"state": "failed", "error_code": code, "finished_at": now, "deadline_at": now, "source": "page"}
    made: Operation = Operation.objects.create(vps=vps, kind=kind, **ended | columns)
    return made


@pytest.mark.parametrize(
    ("kind", "is_forced", "names"),
    [
        ("reboot", False, ["reboot", "restart"]),
        ("stop", False, ["stop", "force-stop"]),
        ("stop", True, ["force-stop"]),
        ("start", False, ["start"]),
        ("restart", False, ["restart"]),
    ],
)
def test_ways_out_of_failure_are_the_verb_again_and_then_the_harsh_one(
    alice: Any, make_vps: Any, kind: str, is_forced: bool, names: list[str]
) -> None:
    operation = failed(make_vps(alice), "timed_out", kind, is_forced=is_forced)
    assert [verb.name for verb in ways_out_of_failure(operation)] == names


@pytest.mark.parametrize(
    ("code", "power", "words"),
    [
        ("guest_did_not_shut_down", "running", ["Reboot again", "Hard restart"]),
        ("did_not_come_back", "stopped", ["Start"]),
        ("did_not_come_back", "running", ["Reboot again"]),
        ("vps_paused", "paused", ["Power off now"]),
        ("hypervisor_denied", "running", []),
    ],
)
def test_ways_out_are_those_that_can_be_pressed_now(
    alice: Any, make_vps: Any, bind: Any, code: str, power: str, words: list[str]
) -> None:
    vps = make_vps(alice)
    bind(vps, power=power)
    with translation.override("en"):
        assert [str(label) for _, label in ways_out(vps, failed(vps, code))] == words


def test_ways_out_are_none_where_no_button_can_be_pressed(alice: Any, make_vps: Any, bind: Any, cluster: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    type(cluster).objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert ways_out(Vps.objects.get(pk=vps.pk), failed(vps, "timed_out")) == []
