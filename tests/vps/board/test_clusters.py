"""The clusters on the staff's first page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.admin.reading import rows, words
from vps.models import Cluster, ClusterNode

NODES = ["pve1 AA", "pve2 BB"]


def table(browser: Any) -> list[str]:
    page = browser.get("/admin/").content.decode()
    return [
        words(row) for row in re.findall(r"<tr[^>]*>\s*<th scope=\"row\"><a id=\"cluster-.*?</tr>", page, re.DOTALL)
    ]


def test_clusters_are_told_with_their_contact_nodes_and_servers(
    admin: Any, alice: Any, make_vps: Any, bind: Any, cluster: Cluster
) -> None:
    Cluster.objects.update(certificates=NODES, seen_at=timezone.now() - timedelta(seconds=4))
    for vmid in (100, 101):
        bind(make_vps(alice), vmid=vmid)
    [row] = table(admin)
    assert re.fullmatch(r"main asked \d+ s ago 2 / 2 2", row)
    [address] = re.findall(r'<a id="servers-of-\d+" href="([^"]*)"', admin.get("/admin/").content.decode())
    assert len(rows(admin, address)) == 2


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"is_active": False}, "not in use — 0"),
        ({"unreachable_since": timedelta(minutes=34)}, "silent for 34 min — 0"),
        ({"seen_at": None}, "not asked yet — 0"),
        ({"seen_at": timedelta(hours=3)}, "not heard for 3 h — 0"),
        ({"lacking": [{"need": "see", "privilege": "VM.Audit", "guests": 0, "of": 0}]}, "VM.Audit: they are not seen"),
        ({"certificates": []}, "— 0"),
    ],
)
def test_clusters_say_the_worst_that_is_known_of_them(
    admin: Any, cluster: Cluster, columns: dict[str, Any], text: str
) -> None:
    now = timezone.now()
    then = {name: now - value if isinstance(value, timedelta) else value for name, value in columns.items()}
    Cluster.objects.update(**{"certificates": NODES} | then)
    [line] = table(admin)
    assert text in line


def test_clusters_name_the_nodes_that_are_silent(admin: Any, cluster: Cluster) -> None:
    Cluster.objects.update(certificates=NODES)
    since = timezone.now() - timedelta(minutes=34)
    ClusterNode.objects.create(cluster=cluster, name="pve2", failures=1, unreachable_since=since)
    assert table(admin) == ["main pve2 silent for 34 min 1 / 2 0"]


def test_clusters_lead_to_servers_those_who_may_look_at_servers(as_user: Any, cluster: Cluster) -> None:
    dave = person("dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(codename="view_cluster"))
    assert "servers-of-" not in as_user(dave).get("/admin/").content.decode()
