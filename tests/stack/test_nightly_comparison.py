"""The documents' nightly comparison in both languages, on a panel that was restored from a copy and loses answers."""

import contextlib
import importlib
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.python.ospab_panel_client import OspabPanel, digest_of
from launcher.children import ROOT
from tests.docs.blocks import blocks_of
from tests.docs.site import Process, Site, write_site
from tests.stack.losses import LOST, NOTHING, losing
from tests.stack.yesterday import Copy

SIZES = {"cpu": 2, "ram": 2048, "disk": 20, "os": "Debian 12"}
TOO_BIG = 8192 * 1024
# The panel refuses a whole body for it.
TOO_DEEP = {"cluster": "demo", "node": json.loads("[" * 20 + "]" * 20), "vmid": 114, "kind": "qemu"}
ANNA, BORIS, CLARA = 101, 102, 103


@pytest.fixture
def lossy(panel: Any) -> Iterator[str]:
    with losing(panel.run.port, itertools.cycle([NOTHING, NOTHING, NOTHING, LOST])) as url:
        yield url


class InTypeScript:
    """The guide's site, with its queue."""

    mark = "ts"

    def __init__(self, process: Process, folder: Path, url: str, api_key: str) -> None:
        write_site(folder)
        self.site = Site(process, folder, url, api_key)

    def register(self, customer: int) -> None:
        self.site.call("users", "addCustomer", customer, f"ts-{customer}", f"ts-{customer}@example.com")

    def sell(self, order: str, customer: int, **sizes: Any) -> None:
        plan = {
            "name": order,
            "cpu": sizes["cpu"],
            "ramGb": sizes["ram"] / 1024,
            "diskGb": sizes["disk"],
            "os": sizes["os"],
            "placement": sizes.get("placement"),
        }
        self.site.call("orders", "placeOrder", order, customer, plan)
        self.site.call("orders", "changeOrder", order, {"status": "running"})

    def change(self, order: str, cpu: int) -> None:
        self.site.call("orders", "changeOrder", order, {"cpu": cpu})

    def end(self, order: str) -> None:
        self.site.call("orders", "removeOrder", order)

    def deliver(self) -> None:
        """All that waits, however often its answers are lost."""
        while self.site.rows("SELECT 1 FROM panel_outbox WHERE problem IS NULL"):
            self.site.let_time_pass()
            self.site.deliver()

    def night(self) -> Any:
        return self.site.call("reconcile", "reconcile")

    def numbers(self) -> dict[str, int]:
        return {
            row["id"]: row["panel_vps_id"] for row in self.site.rows("SELECT * FROM orders WHERE status <> 'deleted'")
        }

    def user(self, customer: int) -> int:
        (row,) = self.site.rows("SELECT panel_user_id FROM customers WHERE id = ?", [customer])
        return row["panel_user_id"]


class InPython:
    """The examples' comparison. Its site tells the panel at once, and forgets what it was refused."""

    mark = "py"

    def __init__(self, folder: Path, url: str, api_key: str) -> None:
        (block,) = [
            block for block in blocks_of("VPS_SYNC_EXAMPLES.md") if block.text.startswith("# site/reconcile.py")
        ]
        (folder / "reconcile.py").write_text(block.text)
        (folder / "ospab_panel_client.py").write_text((ROOT / "clients/python/ospab_panel_client.py").read_text())
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            self.module = importlib.import_module("reconcile")
            client = importlib.import_module("ospab_panel_client")
        for name in ("reconcile", "ospab_panel_client"):
            del sys.modules[name]
        self.refusal: Any = client.PanelError
        self.panel = client.OspabPanel(url, api_key, backoff=0.01)
        self.customers: dict[str, Any] = {}
        self.orders: dict[str, Any] = {}

    def register(self, customer: int) -> None:
        person = {"username": f"py-{customer}", "email": f"py-{customer}@example.com"}
        self.customers[f"py-{customer}"] = person | {"is_active": True}
        user = self.panel.create_user(external_id=f"py-{customer}", **person)["user"]
        self.customers[f"py-{customer}"]["user_id"] = user["id"]

    def sell(self, order: str, customer: int, **sizes: Any) -> None:
        self.orders[order] = {"customer": f"py-{customer}", "status": "running", "name": order} | sizes
        columns = {"user_id": self.user(customer), "name": order, "status": "running"}
        sent = {name: value for name, value in sizes.items() if name != "ram"} | {"ram_mb": sizes["ram"]}
        with contextlib.suppress(self.refusal):
            row = self.panel.create_vps(external_id=order, **columns, **sent)["vps"]
            self.orders[order]["vps_id"] = row["id"]

    def change(self, order: str, cpu: int) -> None:
        self.orders[order]["cpu"] = cpu
        self.panel.update_vps(external_id=order, cpu=cpu)

    def end(self, order: str) -> None:
        self.orders[order]["status"] = "deleted"
        self.panel.delete_vps(external_id=order)

    def deliver(self) -> None:
        """It was told at once."""

    def night(self) -> Any:
        return self.module.reconcile(self.panel, self.customers, self.orders)

    def numbers(self) -> dict[str, int]:
        alive = {id: order for id, order in self.orders.items() if order["status"] != "deleted"}
        return {id: order.get("vps_id") for id, order in alive.items()}

    def user(self, customer: int) -> int:
        number: int = self.customers[f"py-{customer}"]["user_id"]
        return number


@pytest.fixture(params=["typescript", "python"])
def site(request: pytest.FixtureRequest, panel: Any, lossy: str, tmp_path: Path) -> Iterator[Any]:
    if request.param == "python":
        yield InPython(tmp_path, lossy, panel.demo["api_key"])
        return
    process = Process()
    yield InTypeScript(process, tmp_path, lossy, panel.demo["api_key"])
    process.kill()


@pytest.fixture
def sight(panel: Any) -> OspabPanel:
    """How the panel is without a loss between."""
    return OspabPanel(panel.url, panel.demo["api_key"])


def held(sight: OspabPanel, orders: Any) -> dict[str, Any]:
    return {row["external_id"]: row for row in sight.list_vps() if row.get("external_id") in orders}


def test_nightly_comparison_converges_after_the_panel_was_restored_from_yesterday(
    panel: Any, site: Any, sight: OspabPanel, tmp_path: Path
) -> None:
    """E5: each night one more create, and never equal."""
    others = list(sight.list_vps())
    names = ("kept", "grown", "ended", "of anna", "of clara", "too big", "too deep")
    kept, grown, ended, of_anna, of_clara, too_big, too_deep = (f"{site.mark} {name}" for name in names)
    for customer in (ANNA, BORIS):
        site.register(customer)
    for order in (kept, grown, ended):
        site.sell(order, ANNA, **SIZES)
    site.deliver()
    yesterday = Copy(panel, tmp_path)

    site.register(CLARA)
    site.sell(of_anna, ANNA, **SIZES)
    site.sell(of_clara, CLARA, **SIZES)
    site.sell(too_big, BORIS, **SIZES | {"ram": TOO_BIG})
    site.sell(too_deep, BORIS, **SIZES | {"placement": TOO_DEEP})
    site.change(grown, cpu=4)
    site.end(ended)
    site.deliver()
    before, numbers = site.user(CLARA), site.numbers()
    assert held(sight, [ended]) == {}

    yesterday.restore()
    assert held(sight, [ended, of_anna, of_clara]).keys() == {ended}, "what the copy holds, and no more"
    newcomer = sight.create_user(
        external_id=f"{site.mark}-stranger", username=f"{site.mark}-x", email=f"{site.mark}-x@example.com"
    )["user"]
    assert newcomer["id"] <= before, "numbers are given a second time"
    made = [sight.create_vps(user_id=newcomer["id"], name="strange", cpu=1, ram_gb=1, disk=5, os="x") for _ in range(3)]
    strange = [answer["vps"]["id"] for answer in made]
    assert set(strange) & set(numbers.values())

    first, wrong = site.night(), {f"заказ {too_big}": "invalid", f"заказ {too_deep}": "too_deep"}
    assert {row["id"] for row in first["strange"]} == {*strange, *(row["id"] for row in others)}
    assert {order: why.split(":")[0] for order, why in first["refused"].items()} == wrong
    rows = held(sight, {*numbers, ended})
    assert rows.keys() == {kept, grown, of_anna, of_clara}
    assert {order: row["id"] for order, row in rows.items()} == {
        order: number for order, number in site.numbers().items() if order not in (too_big, too_deep)
    }
    users = {order: row["user_id"] for order, row in rows.items()}
    assert users == dict.fromkeys((kept, grown, of_anna), site.user(ANNA)) | {of_clara: site.user(CLARA)}
    assert site.user(CLARA) != newcomer["id"]
    assert rows[grown]["cpu"] == 4

    expected = [*others, *(answer["vps"] for answer in made), *rows.values()]
    assert sight.digest() == {"count": len(expected), "digest": digest_of(expected)}
    second = site.night()
    assert (second["repaired"], second["refused"].keys()) == (0, wrong.keys())
    sight.batch([{"action": "delete", "vps": {"id": row["id"]}} for row in [*expected[len(others) :]]])


def test_nightly_comparison_sets_a_customer_aside_whose_name_is_taken_and_ends_one_that_has_left(
    panel: Any, sight: OspabPanel, tmp_path: Path
) -> None:
    process = Process()
    site = InTypeScript(process, tmp_path, panel.url, panel.demo["api_key"])
    for id, login in ((201, "alice"), (202, "staying"), (203, "left")):
        site.site.call("users", "addCustomer", id, login, f"{login}-{id}@example.com")
        site.sell(f"of {login}", id, **SIZES)
    site.deliver()
    assert all("username_taken" in trouble for trouble in site.site.troubles())
    site.site.rows("UPDATE customers SET is_active = 0 WHERE login = 'left'")
    site.site.rows("UPDATE orders SET panel_vps_id = 1 WHERE id = 'of left'")
    sight.update_vps(external_id="of staying", cpu=16)
    report, numbers = site.night(), site.numbers()
    process.kill()
    assert report["repaired"] == 1
    assert list(report["refused"]) == ["клиент 201", "заказ of alice"]
    assert report["refused"]["клиент 201"].startswith("username_taken: ")
    rows = held(sight, ["of staying", "of left"])
    assert rows["of staying"]["cpu"] == SIZES["cpu"]
    assert rows["of left"]["id"] == numbers["of left"]
    assert [sight.get_user(external_id=id)["is_active"] for id in ("202", "203")] == [True, False]
    sight.batch([{"action": "delete", "vps": {"external_id": f"of {name}"}} for name in ("staying", "left")])
