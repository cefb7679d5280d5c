"""What the checklist has people try before the main site goes live, tried with the guide's own site on the running panel."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from clients.python.ospab_panel_client import OspabPanel
from tests.docs.site import CUSTOMER, Process, Site, write_site
from tests.simulated import wait_for
from tests.stack.losses import LOST, NOTHING, losing

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    running = Process()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def site(panel: Any, process: Process, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Its customer is of the panel's after the first order."""
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    made = Site(process, folder, panel.url, panel.demo["api_key"])
    made.call("users", "addCustomer", CUSTOMER, "checklist", "checklist@example.com")
    return made


@pytest.fixture
def sight(panel: Any) -> OspabPanel:
    return OspabPanel(panel.url, panel.demo["api_key"], retries=0)


def held(sight: OspabPanel, order: str) -> list[dict[str, Any]]:
    return list(sight.list_vps(external_id=order))


def entered(link: str) -> requests.Session:
    """A browser that was let in by this link, and reads Russian."""
    browser = requests.Session()
    browser.headers["Accept-Language"] = "ru"
    press(browser, link, link)
    return browser


def press(browser: requests.Session, page: str, path: str) -> int:
    """A button of this page."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page).text)
    assert token
    return browser.post(path, data={"csrfmiddlewaretoken": token[1]}, headers={"Referer": page}).status_code


def test_site_shows_an_order_to_its_customer_and_to_nobody_else(panel: Any, site: Site, sight: OspabPanel) -> None:
    name = 'Магазин «У Анны» <b>"1"</b>'
    site.sell("shown", name=name, ramGb=8)
    assert site.deliver() == []
    (row,) = held(sight, "shown")
    assert (row["name"], row["cpu"], row["ram"], row["disk"], row["os"]) == (name, 2, 8192, 40, "Debian 12")
    page = entered(sight.login_link(external_id=str(CUSTOMER))["url"]).get(f"{panel.url}/vps/{row['id']}/").text
    assert "Магазин «У Анны» &lt;b&gt;&quot;1&quot;&lt;/b&gt;" in page
    assert re.search(r"8\s*ГБ", page)
    assert requests.get(f"{panel.url}/api/vps/{row['id']}", headers=panel.token("bob")).status_code == 404


def test_site_moves_an_order_through_its_life_on_the_page(panel: Any, site: Site, sight: OspabPanel) -> None:
    site.sell("lived", placement={"cluster": "demo", "node": "pve2", "vmid": 114, "kind": "qemu"})
    site.call("orders", "changeOrder", "lived", {"status": "running"})
    site.deliver()
    (row,) = held(sight, "lived")
    browser = entered(sight.login_link(external_id=str(CUSTOMER))["url"])
    address = f"{panel.url}/vps/{row['id']}/"

    def page() -> str:
        return browser.get(address).text

    assert "tone-susp" not in page()
    wait_for(lambda: "/power/" in page(), 20, "the buttons of a server that is seen")
    bill = {"reason": "unpaid", "message": "Счёт 17 не оплачен."}
    site.call("orders", "changeOrder", "lived", {"status": "suspended", "suspension": bill})
    assert site.deliver() == []
    assert "Приостановлен" in page()
    assert "tone-susp" in page()
    assert "Счёт 17 не оплачен." in page()
    assert "/power/" not in page()
    press(browser, address, f"{address}power/start/")
    assert list(sight.operations(external_id="lived")) == []
    site.call("orders", "changeOrder", "lived", {"status": "running"})
    site.deliver()
    assert "tone-susp" not in page()
    press(browser, address, f"{address}power/start/")
    assert [operation["kind"] for operation in sight.operations(external_id="lived")] == ["start"]
    site.call("orders", "removeOrder", "lived")
    site.deliver()
    assert browser.get(address).status_code == 404


def test_site_lets_a_customer_in_once_and_out_for_good(panel: Any, site: Site, sight: OspabPanel) -> None:
    site.call("users", "addCustomer", 18, "leaving", "leaving@example.com")
    site.call("users", "panelUserOf", 18)
    link = sight.login_link(external_id="18")["url"]
    browser = entered(link)
    assert browser.get(f"{panel.url}/", allow_redirects=False).status_code == 200
    assert requests.get(link).status_code == 410
    site.call("users", "closeCustomer", 18)
    assert browser.get(f"{panel.url}/", allow_redirects=False).status_code == 302


def test_site_sells_while_the_panel_is_away(site: Site, sight: OspabPanel) -> None:
    away = replace(site, url=NOBODY)
    away.sell("while away")
    assert away.deliver() == []
    assert held(sight, "while away") == []
    site.let_time_pass()
    assert site.deliver() == []
    assert len(held(sight, "while away")) == 1


def test_site_sends_again_what_it_has_no_answer_to(panel: Any, site: Site, sight: OspabPanel) -> None:
    with losing(panel.run.port, [NOTHING, LOST]) as url:
        lossy = replace(site, url=url)
        lossy.sell("unanswered")
        lossy.deliver()
        (made,) = held(sight, "unanswered")
        site.let_time_pass()
        assert lossy.deliver() == []
    assert held(sight, "unanswered") == [made]
    assert site.rows("SELECT panel_vps_id FROM orders WHERE id = 'unanswered'") == [{"panel_vps_id": made["id"]}]


def test_site_that_is_killed_sends_what_it_has_sold(site: Site, sight: OspabPanel) -> None:
    killed = replace(site, process=Process())
    killed.sell("sold")
    killed.process.kill()
    assert held(sight, "sold") == []
    assert site.deliver() == []
    assert len(held(sight, "sold")) == 1


def test_site_may_tell_the_newer_first(sight: OspabPanel, site: Site) -> None:
    site.sell("reversed")
    site.deliver()
    older = datetime.now(UTC) + timedelta(seconds=1)
    newer = older + timedelta(seconds=1)
    assert "applied" not in sight.update_vps(external_id="reversed", cpu=4, occurred_at=newer)
    assert sight.update_vps(external_id="reversed", cpu=3, occurred_at=older)["applied"] is False
    (row,) = held(sight, "reversed")
    assert row["cpu"] == 4


def test_site_waits_with_a_wrong_key(site: Site, sight: OspabPanel) -> None:
    wrong = replace(site, api_key="the-key-of-another-panel-altogether")
    wrong.sell("keyless")
    (trouble,) = wrong.deliver()
    assert trouble.startswith("Очередь стоит: invalid_api_key: ")
    site.let_time_pass()
    assert site.deliver() == []
    assert len(held(sight, "keyless")) == 1


@pytest.mark.parametrize(("order", "ram"), [("tiny", 8 / 1024), ("huge", 8192)])
def test_site_sets_wrong_data_aside_and_mends_it(site: Site, sight: OspabPanel, order: str, ram: float) -> None:
    site.sell(order, ramGb=ram)
    site.sell(f"behind {order}")
    (trouble,) = site.deliver()
    assert trouble.startswith(f"Отложен заказ {order}: invalid: ")
    assert (len(held(sight, order)), len(held(sight, f"behind {order}"))) == (0, 1)
    site.call("orders", "changeOrder", order, {"ram_gb": 8})
    site.call("outbox", "retry", order)
    assert site.deliver() == []
    (row,) = held(sight, order)
    assert row["ram"] == 8192
