"""A panel in which everything goes wrong at once: two rows at least of every kind of trouble, beside rows of none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Mail
from vps.models import (
    Cluster,
    ClusterNode,
    Operation,
    Placement,
    Suspension,
    SyncCall,
    Vps,
    WebhookDelivery,
    WebhookEndpoint,
)

Make = Callable[..., Any]


def cluster(name: str, **columns: Any) -> Cluster:
    access = {"hosts": [f"{name}:8006"], "token_id": "a@b!c", "token_secret": "not-a-real-secret"}
    made: Cluster = Cluster.objects.create(name=name, **access | {"seen_at": timezone.now()} | columns)
    return made


def put(vps: Vps, where: Cluster, **columns: Any) -> Placement:
    defaults = {"kind": "qemu", "node": "pve1", "power": "running", "vmid": vps.pk, "identity": f"uuid-{vps.pk}"}
    made: Placement = Placement.objects.create(vps=vps, cluster=where, **defaults | columns)
    return made


def operation(vps: Vps, **columns: Any) -> None:
    deadline = timezone.now() + timedelta(minutes=5)
    Operation.objects.create(vps=vps, **{"kind": "reboot", "source": "page", "deadline_at": deadline} | columns)


def clusters_in_trouble(ago: Callable[[int], Any]) -> None:
    for number in (1, 2):
        cluster(f"silent-{number}", unreachable_since=ago(34), failures=2, failure="Connection refused")
        doubt = {"why": "collapsed", "unseen": 2, "bound": 2}
        cluster(f"doubted-{number}", doubt=doubt, doubted_since=ago(5))
        lack = {"need": "see", "privilege": "VM.Audit", "guests": 0, "of": 0}
        cluster(f"lacking-{number}", lacking=[lack], rights_asked_at=ago(3))
        cluster(f"unheard-{number}", seen_at=ago(9))
        cluster(f"twin-{number}", same_as=cluster(f"first-{number}"))
        noded = cluster(f"noded-{number}")
        for node in ("pve1", "pve2"):
            unreachable = {"failures": 1, "unreachable_since": ago(2), "failure": "No route to host"}
            ClusterNode.objects.create(cluster=noded, name=node, **unreachable)


def servers_in_trouble(user: Any, make_vps: Make, ago: Callable[[int], Any]) -> None:
    home = cluster("home")

    def made(name: str, status: str = "running") -> Vps:
        vps: Vps = make_vps(user, name=name, status=status)
        return vps

    put(made("healthy"), home)
    for number in (1, 2):
        put(made(f"mistaken-{number}"), home, missing_since=ago(60), identity_mismatch="uuid-9")
        put(made(f"gone-{number}"), home, missing_since=ago(60))
        put(made(f"unseen-{number}"), home, power="unknown", power_since=ago(60))
        put(made(f"on-{number}", "suspended"), home)
        owing = made(f"owing-{number}", "suspended")
        put(owing, home, power_since=ago(60))
        Suspension.objects.create(vps=owing, power="stop", since=ago(60))
        made(f"homeless-{number}")
        put(made(f"broken-{number}", "error"), home)
        slow = made(f"slow-{number}", "creating")
        put(slow, home, power="stopped")
        Vps.objects.filter(pk=slow.pk).update(updated_at=ago(16))


def operations_in_trouble(user: Any, make_vps: Make, ago: Callable[[int], Any]) -> None:
    home = Cluster.objects.get(name="home")
    for number in (1, 2):
        late, killing, failed = (make_vps(user, name=f"{name}-{number}") for name in ("late", "killing", "failed"))
        for vps in (late, killing, failed):
            put(vps, home)
        operation(late, deadline_at=ago(1))
        operation(killing, claims=2)
        for code in ("vps_busy", "hypervisor_refused", "superseded"):
            operation(failed, state="failed", error_code=code, finished_at=ago(60))
        operation(failed, state="failed", error_code="vps_busy", finished_at=ago(25 * 60))


def calls_in_trouble(ago: Callable[[int], Any]) -> None:
    refused = {"status": 404, "code": "vps_not_found", "duration_ms": 5, "action": "update"}
    SyncCall.objects.bulk_create([SyncCall(at=ago(10), **refused) for _number in range(60)])
    SyncCall.objects.create(status=200, duration_ms=5, action="update")
    for minute in (3, 5):
        counted = {"minute": ago(minute), "at": ago(minute), "count": 4}
        SyncCall.objects.create(status=401, code="invalid_api_key", duration_ms=1, **counted)


def webhooks_in_trouble(ago: Callable[[int], Any]) -> None:
    def endpoint(name: str, **columns: Any) -> WebhookEndpoint:
        where = {"url": "https://main.example.com", "secret": "s", "cursor": 0}
        made: WebhookEndpoint = WebhookEndpoint.objects.create(name=name, **where | columns)
        return made

    for number in (1, 2):
        endpoint(f"unreadable-{number}", failure="unsigned", unreachable_since=ago(9))
        endpoint(f"given-up-{number}", is_active=False, disabled_at=ago(99), disabled_why="gone")
        endpoint(f"dismissed-{number}", is_active=False, disabled_at=ago(99), disabled_why="staff")
        behind = endpoint(f"behind-{number}", failure="HTTP 503")
        delivery = {"endpoint": behind, "type": "webhook.test", "body": "{}"}
        WebhookDelivery.objects.create(**delivery, created_at=ago(16))
        WebhookDelivery.objects.create(**delivery, state="given_up", ended_at=ago(60))
        WebhookDelivery.objects.create(**delivery, state="given_up", ended_at=ago(25 * 60))


def mails_in_trouble(user: Any, ago: Callable[[int], Any]) -> None:
    for columns in ({"ended_at": ago(60), "problem": "refused: 550"}, {"created_at": ago(16)}, {}):
        Mail.objects.create(purpose="password_changed", user=user, **columns)


@pytest.fixture
def troubled(alice: Any, make_vps: Make) -> None:
    now = timezone.now()

    def ago(minutes: int) -> Any:
        return now - timedelta(minutes=minutes)

    clusters_in_trouble(ago)
    servers_in_trouble(alice, make_vps, ago)
    operations_in_trouble(alice, make_vps, ago)
    calls_in_trouble(ago)
    webhooks_in_trouble(ago)
    mails_in_trouble(alice, ago)
