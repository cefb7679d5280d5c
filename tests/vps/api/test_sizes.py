"""Sizes that look like a mistake are taken, and the main site is warned of them."""

from typing import Any

import pytest

from tests.vps.api.commands import batch, client, create, update
from vps import observations
from vps.models import Vps

MB, GB = 1024**2, 1024**3
PLACED = {"cluster": "main", "node": "pve1", "vmid": 100, "kind": "qemu"}
TWICE = "vps.ram: 2097152 MB are 2048 GB. Was it multiplied by 1024 twice?"


def sync(operation: Any) -> Any:
    return client().post("/api/vps/sync", operation, content_type="application/json")


def warned(operation: Any) -> list[str]:
    answer = sync(operation)
    assert answer.status_code in (200, 201)
    warnings: list[str] = answer.json().get("warnings", [])
    return warnings


@pytest.fixture
def guest(cluster: Any) -> None:
    """Number 100 of the cluster: 4 cores, 8 GB, 100 GB, as it was heard last."""
    observations.store_sightings(cluster.pk, {"100": ("web-01", 4, 8192 * MB, 100 * GB, None)})


@pytest.mark.parametrize(
    ("column", "value", "warnings"),
    [
        ("ram", 2_097_152, [TWICE]),
        ("ram", 524_289, ["vps.ram: 524289 MB are 512.001 GB. Was it multiplied by 1024 twice?"]),
        ("ram", 524_288, []),
        ("disk", 102_400, ["vps.disk: 102400 GB are 100 TB. Was it sent in MB?"]),
        ("disk", 20_480, ["vps.disk: 20480 GB are 20 TB. Was it sent in MB?"]),
        ("disk", 20_479, []),
        ("cpu", 400, ["vps.cpu: 400 cores are more than hosts have. Was it sent in percent?"]),
        ("cpu", 256, []),
    ],
)
def test_sync_warns_of_a_size_that_looks_like_another_unit_and_takes_it(
    alice: Any, make_vps: Any, column: str, value: int, warnings: list[str]
) -> None:
    vps = make_vps(alice)
    assert warned(create(alice, **{column: value}, external_id="x")) == warnings
    assert warned(update(id=vps.pk, **{column: value})) == warnings
    assert list(Vps.objects.values_list(column, flat=True)) == [value, value]


def test_sync_warns_where_a_size_comes_and_not_where_nothing_changes(alice: Any) -> None:
    assert warned(create(alice, ram=2_097_152, external_id="x")) == [TWICE]
    assert warned(create(alice, ram=2_097_152, external_id="x")) == [TWICE]
    assert warned(update(external_id="x", ram=2_097_152, name="other")) == []
    assert warned(update(external_id="x", ram=8192)) == []
    assert warned({"action": "delete", "vps": {"external_id": "x"}}) == []


def test_sync_warns_beside_what_it_has_ignored(alice: Any) -> None:
    assert warned(create(alice, ram=2_097_152, colour="red")) == ["Unknown field ignored: vps.colour", TWICE]


def test_sync_batch_warns_of_each(alice: Any, guest: None) -> None:
    answer = batch(create(alice), create(alice, ram=2_097_152), create(alice, cpu=8, placement=PLACED), atomic=True)
    assert [result.get("warnings") for result in answer.json()["results"]] == [
        None,
        [TWICE],
        ["vps.cpu: 8 cores are more than its guest had when it was last seen: 4."],
    ]


MORE = {
    "cpu": (5, "vps.cpu: 5 cores are more than its guest had when it was last seen: 4."),
    "ram": (8193, "vps.ram: 8193 MB are more than its guest had when it was last seen: 8192."),
    "disk": (111, "vps.disk: 111 GB are more than its guest had when it was last seen: 100."),
}


@pytest.mark.parametrize("column", MORE)
def test_sync_warns_of_more_than_the_guest_was_seen_with(
    alice: Any, make_vps: Any, bind: Any, guest: None, column: str
) -> None:
    vps = make_vps(alice, cpu=4, ram=8192, disk=100)
    bind(vps)
    more, sentence = MORE[column]
    assert warned(update(id=vps.pk, **{column: more})) == [sentence]
    assert warned(update(id=vps.pk, **{column: more}, name="other")) == []
    assert warned(update(id=vps.pk, cpu=4, ram=8192, disk=110)) == []


def test_sync_warns_of_all_that_a_guest_lacks_once_it_is_named(alice: Any, make_vps: Any, guest: None) -> None:
    vps = make_vps(alice, cpu=5, ram=8193, disk=111)
    sentences = [sentence for _, sentence in MORE.values()]
    assert warned(update(id=vps.pk, placement=PLACED)) == sentences
    assert warned(update(id=vps.pk, placement=PLACED)) == []
    assert warned(update(id=vps.pk, placement=PLACED | {"replaced": True})) == []


def seen(cluster: Any, *sighting: Any) -> None:
    observations.store_sightings(cluster.pk, {"100": sighting})


@pytest.mark.parametrize(
    "unknown",
    [
        lambda cluster, placed: observations.store_sightings(cluster.pk, {}),
        lambda cluster, placed: seen(cluster, "web-01", None, None, None, None),
        lambda cluster, placed: placed(missing_since="2026-01-01T00:00Z"),
        lambda cluster, placed: placed(doubted_since="2026-01-01T00:00Z"),
        lambda cluster, placed: placed(vmid=101, guest="101"),
    ],
)
def test_sync_warns_of_nothing_where_nobody_knows_what_the_guest_has(
    alice: Any, make_vps: Any, bind: Any, guest: None, cluster: Any, unknown: Any
) -> None:
    vps = make_vps(alice)
    placement = bind(vps)
    assert len(warned(update(id=vps.pk, cpu=64))) == 1
    unknown(cluster, lambda **columns: type(placement).objects.filter(pk=placement.pk).update(**columns))
    assert warned(update(id=vps.pk, cpu=65, ram=65_536, disk=1000)) == []


def test_sync_that_comes_late_warns_of_nothing(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    sync(update(id=vps.pk, cpu=4) | {"occurred_at": "2026-01-02T00:00:00Z"})
    late = sync(update(id=vps.pk, ram=2_097_152) | {"occurred_at": "2026-01-01T00:00:00Z"}).json()
    assert (late["applied"], "warnings" in late) == (False, False)


def test_sync_of_many_reads_what_was_seen_once_a_cluster(
    alice: Any, guest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    read = observations.sightings
    monkeypatch.setattr(observations, "sightings", lambda id: asked.append(id) or read(id))
    batch(*(create(alice, placement=PLACED | {"vmid": 100 + at}) for at in range(30)))
    assert len(asked) == 1
    batch(*(update(id=id, name="other") for id in Vps.objects.values_list("pk", flat=True)))
    assert len(asked) == 1
