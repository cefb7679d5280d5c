"""Every verb is whole: the engine, the API, pages, admin, description, languages and simulator find all they need of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from tests.verbs import call_of
from vps import operations
from vps.hypervisor.base import Command, Power
from vps.models import Operation, Vps
from vps.operations import verbs
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS
from vps.templatetags.panel import icon
from web.errors import Sentence

POWERS = ("running", "stopped", "paused")
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
# The sentences that every verb has, and those that some do.
SENTENCES = [name for name, type in Verb.__annotations__.items() if type == ClassVar[Sentence]]
REQUIRED = [name for name in SENTENCES if not hasattr(Verb, name)]


@pytest.fixture
def bound(alice: Any, make_vps: Any, bind: Any) -> Vps:
    """Alice's server, with a guest that nothing is asked of."""
    vps: Vps = make_vps(alice)
    bind(vps)
    return vps


def test_verbs_has_every_file_beside_it_and_every_kind() -> None:
    files = {file.stem for file in Path(verbs.__path__[0]).glob("*.py")} - {"__init__"}
    assert {name.replace("-", "_") for name in VERBS} == files
    assert {verb.kind for verb in VERBS.values()} == set(Operation.Kind)
    assert len(verbs.BY_KIND) == len({verb.order for verb in VERBS.values()}) == len(VERBS)


@every_verb
def test_verb_says_all_that_a_verb_says(verb: Verb) -> None:
    assert [name for name in Verb.__annotations__ if not hasattr(verb, name)] == []
    assert [name for name in REQUIRED if not getattr(verb, name)] == []
    assert all([verb.icon, verb.permission, verb.offered_when])
    assert bool(verb.hint) == verb.is_harsh, "what stands in the menu says why it stands there"
    assert (verb.by_force or verb.name) in VERBS
    is_variant = bool(verb.variant_of)
    assert (bool(verb.flag), bool(verb.summary), bool(verb.about)) == (is_variant, not is_variant, not is_variant)
    if verb.params:
        assert set(verbs.variants_of(verb)) <= set(verb.params().fields)


@every_verb
def test_verb_that_is_a_variant_is_a_param_of_another(verb: Verb) -> None:
    if verb.variant_of:
        params = VERBS[verb.variant_of].params
        assert params
        assert verb.flag in params().fields


@every_verb
def test_verb_has_its_words_in_both_languages(verb: Verb) -> None:
    def words() -> list[str]:
        sentences = [
            str(getattr(verb, name)) for name in SENTENCES if name != "question_of_many" and getattr(verb, name)
        ]
        return [*sentences, verb.question_about(["shop"]), verb.question_about(["shop", "db"])]

    with translation.override("en"):
        english = words()
    with translation.override("ru"):
        russian = words()
    assert set(english) & set(russian) == set()


@every_verb
def test_verb_is_an_infinitive_on_its_button_and_in_its_question(verb: Verb) -> None:
    with translation.override("ru"):
        questions = [verb.question_about(["shop"]), verb.question_about(["shop", "db"])]
        for words in (verb.label, *questions):
            assert str(words).split()[0].endswith("ть")
        assert [question[-1] for question in questions] == ["?", "?"]
        assert ("shop" in questions[0], "2 сервера" in questions[1]) == (True, True)


@every_verb
def test_verb_asks_before_it_takes_a_server_down(verb: Verb) -> None:
    ends_power = verb.is_cycle or verb.goal == Power.STOPPED
    assert (verb.asks_first, verb.is_harsh) == (ends_power, verb.command in (Command.RESTART, Command.FORCE_STOP))


@every_verb
@pytest.mark.usefixtures("static_files")
def test_verb_has_an_icon_that_is_published(verb: Verb) -> None:
    assert "<svg" in icon(verb.icon)


@every_verb
@pytest.mark.usefixtures("static_files")
def test_verb_has_a_page_that_asks_its_owner_and_is_not_there_for_others(
    verb: Verb, bound: Vps, as_user: Any, alice: Any, bob: Any
) -> None:
    path = f"/vps/{bound.pk}/power/{verb.name}/"
    page = as_user(alice).get(path)
    assert (page.status_code, str(verb.warning).split("'")[0] in page.content.decode()) == (200, True)
    assert (as_user(bob).get(path).status_code, as_user(bob).post(path).status_code) == (404, 404)
    assert as_user(alice).post(path).status_code == 302
    assert_asked_for(verb)


@every_verb
def test_verb_is_asked_for_by_the_api(verb: Verb, bound: Vps, with_token: Any, alice: Any) -> None:
    path, body = call_of(verb.name)
    answer = with_token(alice).post(f"/api/vps/{bound.pk}/{path}", body, content_type="application/json")
    assert (answer.status_code, answer.json()["message"]) == (202, str(verb.requested))
    assert_asked_for(verb)


@every_verb
def test_verb_is_in_the_description(verb: Verb, client: Client, db: None) -> None:
    schema = client.get("/api/schema").json()
    address = schema["paths"][f"/api/vps/{{id}}/{verb.variant_of or verb.name}"]["post"]
    assert VERBS[verb.variant_of or verb.name].summary == address["summary"]
    assert verb.kind in schema["components"]["schemas"]["Operation"]["properties"]["kind"]["enum"]
    if verb.flag:
        assert verb.flag in str(address["requestBody"])


@every_verb
def test_verb_is_an_action_of_the_admin(verb: Verb, bound: Vps, as_user: Any, carol: Any) -> None:
    admin, action = as_user(carol), f"power_{verb.name.replace('-', '_')}"
    assert f'<option value="{action}">{verb.label}</option>' in admin.get("/admin/vps/vps/").content.decode()
    assert f'value="{action}"' in admin.get(f"/admin/vps/vps/{bound.pk}/change/").content.decode()
    chosen = {"action": action, "_selected_action": bound.pk}
    if verb.asks_first:
        assert str(verb.warning).split("'")[0] in admin.post("/admin/vps/vps/", chosen).content.decode()
        assert not Operation.objects.exists()
    admin.post("/admin/vps/vps/", chosen | {"confirmed": "1"})
    assert_asked_for(verb)


@every_verb
def test_verb_stands_in_the_documents(verb: Verb) -> None:
    for name in ("README.md", "docs/CLIENT_VPS_INTEGRATION.md"):
        text = (Path(settings.BASE_DIR) / name).read_text()
        assert f"`{verb.variant_of or verb.name}`" in text or f"/{verb.variant_of or verb.name}`" in text
        assert verb.flag in text


@every_verb
@pytest.mark.usefixtures("quick_pauses")
def test_verb_is_carried_out_by_the_simulator(verb: Verb, server: Callable[..., Vps], do: Any) -> None:
    vps = server(power=next(power for power in POWERS if power in verb.offered_when))
    operation = do(vps, verb.name)
    assert (operation.state, operation.error_code) == ("succeeded", "")
    vps.placement.refresh_from_db()
    assert vps.placement.power == verb.goal


def assert_asked_for(verb: Verb) -> None:
    operation = Operation.objects.get()
    assert (operation.kind, operation.is_forced, operation.state) == (verb.kind, verb.is_forced, "queued")


def test_request_keeps_the_params_on_the_row(bound: Vps) -> None:
    operations.request(bound, "start", by=None, source="page", params={"from": "disk"})
    assert Operation.objects.get().params == {"from": "disk"}


def test_request_by_the_api_keeps_no_flag_that_made_a_variant(bound: Vps, with_token: Any, alice: Any) -> None:
    with_token(alice).post(f"/api/vps/{bound.pk}/stop", {"force": True}, content_type="application/json")
    assert Operation.objects.get().params == {}
