"""The same verb for many servers, as Alice's browser asks and presses, with JavaScript and without."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.utils import timezone

from tests.seams import Shorten
from vps.models import Operation, Vps
from vps.operations import limits
from vps.operations.verbs import VERBS

LIVE = {"hx-request": "true", "hx-current-url": "http://testserver/?q=s&sort=-name"}
HERE = "/?q=s&sort=-name"


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def hidden_ids(answer: Any) -> list[int]:
    return [int(id) for id in re.findall(r'<input type="hidden" name="id" value="(\d+)">', answer.content.decode())]


def operations_of(*vpses: Vps) -> list[str]:
    return [",".join(Operation.objects.filter(vps=vps).values_list("kind", flat=True)) for vps in vpses]


@pytest.fixture
def three(alice: Any, make_vps: Any, bind: Any) -> list[Vps]:
    """Two that run and one that stands still."""
    servers = [
        make_vps(alice, name=name, status=status)
        for name, status in (("shop", "running"), ("blog", "stopped"), ("db", "running"))
    ]
    for number, vps in enumerate(servers):
        bind(vps, 100 + number)
    return servers


def test_chosen_offers_each_verb_with_of_how_many_it_can_be_asked(as_user: Any, alice: Any, three: list[Vps]) -> None:
    page = as_user(alice).get("/power/", {"id": [vps.pk for vps in three], "next": HERE})
    assert "Selected servers 3" in text(page)
    assert re.findall(r'formaction="(/power/[a-z-]+/)"', page.content.decode()) == [
        "/power/start/", "/power/reboot/", "/power/stop/"
    ]  # fmt: skip
    for words in ("Start 1", "Reboot 2", "Stop 2", "shop", "blog", "db"):
        assert words in text(page)
    assert 'href="/?q=s&amp;sort=-name"' in page.content.decode()
    assert hidden_ids(page) == [three[1].pk, three[2].pk, three[0].pk], "by name"


@pytest.mark.parametrize("is_live", [False, True])
def test_power_of_many_asks_with_the_names_of_those_that_can_be_asked(
    as_user: Any, alice: Any, three: list[Vps], is_live: bool
) -> None:
    sent = {"id": [vps.pk for vps in three], "next": HERE}
    question = as_user(alice).get("/power/reboot/", sent, headers=LIVE if is_live else {})
    assert "Reboot 2 servers?" in text(question)
    assert "db shop" in text(question)
    assert "blog" not in text(question)
    assert hidden_ids(question) == [three[2].pk, three[0].pk]
    assert ("<html" in question.content.decode()) is not is_live
    assert ("hx-post" in question.content.decode()) is is_live
    assert 'name="next" value="/?q=s&amp;sort=-name"' in question.content.decode()
    assert not Operation.objects.exists()


def test_power_of_many_names_one_server_in_its_question(as_user: Any, alice: Any, three: list[Vps]) -> None:
    question = as_user(alice).get("/power/start/", {"id": [vps.pk for vps in three]})
    assert "Start the server blog?" in text(question)


def test_power_of_many_that_none_can_be_asked_for_says_so(as_user: Any, alice: Any, three: list[Vps]) -> None:
    answer = as_user(alice).get("/power/start/", {"id": [three[0].pk], "next": HERE}, follow=True)
    assert answer.redirect_chain == [(HERE, 302)]
    assert "This is not possible for any of these servers now." in text(answer)


def test_power_of_many_asks_for_each_by_itself_and_tells_of_each(as_user: Any, alice: Any, three: list[Vps]) -> None:
    shop, blog, db = three
    Operation.objects.create(vps=db, kind="stop", source="page", deadline_at=timezone.now() + timedelta(minutes=5))
    sent = {"id": [vps.pk for vps in three], "next": HERE}
    answer = as_user(alice).post("/power/reboot/", sent, follow=True)
    assert answer.redirect_chain == [(HERE, 302)]
    assert operations_of(shop, blog, db) == ["reboot", "reboot", "stop"]
    assert "Reboot: accepted for blog, shop" in text(answer)
    assert "db: Another operation is running on this server." in text(answer)


def test_power_of_many_of_an_open_list_answers_with_its_rows_the_counts_and_what_came_of_it(
    as_user: Any, alice: Any, three: list[Vps]
) -> None:
    shop, blog, db = three
    answer = as_user(alice).post("/power/stop/", {"id": [shop.pk, db.pk]}, headers=LIVE)
    page = answer.content.decode()
    for vps in (shop, db):
        assert re.search(rf'<tr id="vps-{vps.pk}"[^>]* data-under-way[^>]* hx-swap-oob="true">', page)
    assert f'id="vps-{blog.pk}"' not in page
    assert 'href="/?q=s&amp;state=in_progress&amp;sort=-name"' in page, "the chips of the list that is open"
    assert json.loads(unquote(answer["X-Note"]))["text"] == "Stop: accepted for db, shop"


def test_power_of_many_of_one_says_what_has_begun(as_user: Any, alice: Any, three: list[Vps]) -> None:
    answer = as_user(alice).post("/power/start/", {"id": [three[1].pk]}, follow=True)
    assert "Start of blog has begun" in text(answer)


@pytest.mark.parametrize("name", VERBS)
def test_power_of_many_does_nothing_to_servers_of_others(
    as_user: Any, alice: Any, bob: Any, three: list[Vps], make_vps: Any, bind: Any, name: str
) -> None:
    bobs = make_vps(bob, name="bobs", status="stopped" if name == "start" else "running")
    bind(bobs, 200)
    browser = as_user(alice)
    mixed = {"id": [bobs.pk, *(vps.pk for vps in three)]}
    assert "bobs" not in text(browser.get("/power/", mixed))
    assert "bobs" not in text(browser.get(f"/power/{name}/", mixed))
    assert "bobs" not in text(browser.post(f"/power/{name}/", mixed, follow=True))
    assert operations_of(bobs) == [""]
    assert browser.get("/power/", {"id": [bobs.pk]}).status_code == 404
    assert browser.get(f"/power/{name}/", {"id": [bobs.pk]}).status_code == 404
    assert browser.post(f"/power/{name}/", {"id": [bobs.pk]}).status_code == 404
    as_user(bob).post(f"/power/{name}/", mixed)
    assert operations_of(bobs) == [VERBS[name].kind.value]


@pytest.mark.parametrize("ids", [[], ["x"], ["-1"], ["9" * 30], ["1e3"], ["٣"]])
def test_power_of_many_of_what_is_no_server_is_404(as_user: Any, alice: Any, three: list[Vps], ids: list[str]) -> None:
    for answer in (as_user(alice).get("/power/stop/", {"id": ids}), as_user(alice).post("/power/stop/", {"id": ids})):
        assert answer.status_code == 404
    assert not Operation.objects.exists()


def test_power_of_many_takes_fifty_at_most(as_user: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    servers = [make_vps(alice, name=f"node-{number}") for number in range(51)]
    for number, vps in enumerate(servers):
        bind(vps, 100 + number)
    browser, ids = as_user(alice), [vps.pk for vps in servers]
    assert "At most 50 servers at a time." in text(browser.post("/power/stop/", {"id": ids}, follow=True))
    assert not Operation.objects.exists()
    answer = browser.post("/power/stop/", {"id": ids[:50] * 2}, follow=True)
    assert "Stop: accepted for node-0, node-1, node-2, node-3, node-4, 45 more" in text(answer)
    assert Operation.objects.count() == 50


def test_power_of_many_is_counted_as_so_many_presses(
    as_user: Any, alice: Any, three: list[Vps], shorten: Shorten
) -> None:
    """What an account may ask in a minute: two, and one for each of its three servers."""
    shorten(operations_of_account=limits.Limit("operations, account", 2, limits.MINUTE))
    browser, ids = as_user(alice), [vps.pk for vps in three]
    browser.post("/power/reboot/", {"id": ids})
    answer = browser.post("/power/reboot/", {"id": ids}, follow=True)
    assert "blog, db: Another operation is running on this server." in text(answer)
    assert "shop: Too much was asked in one minute." in text(answer)


def test_power_of_many_of_an_unknown_verb_is_404(as_user: Any, alice: Any, three: list[Vps]) -> None:
    assert as_user(alice).post("/power/destroy/", {"id": [three[0].pk]}).status_code == 404


def test_row_says_to_the_page_what_its_server_can_be_asked_for(
    as_user: Any, alice: Any, three: list[Vps], cluster: Any
) -> None:
    shop, blog, _ = three
    page = as_user(alice).get("/").content.decode()
    assert re.search(rf'id="vps-{shop.pk}"[^>]* data-can="reboot stop"', page)
    assert re.search(rf'id="vps-{blog.pk}"[^>]* data-can="start"', page)
    type(cluster).objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert 'data-can=""' in as_user(alice).get("/").content.decode()
