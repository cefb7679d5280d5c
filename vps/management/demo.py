"""The demo's people, cluster and servers, made once, and demo.json, where scripts find them. `prepare` calls it."""

import json
import os
import secrets
import string
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from vps.models import Cluster
from vps.services import sync

CLUSTER = "demo"
# The main site's manuals name user 5, so Alice is it.
PEOPLE = (
    {"id": 1, "username": "carol", "email": "carol@example.com", "role": "staff"},
    {"id": 4, "username": "bob", "email": "bob@example.com", "role": "customer"},
    {"id": 5, "username": "alice", "email": "alice@example.com", "role": "customer"},
)
# Each is its owner, name, status, cores, RAM in MB, disk in GB, system and address.
SERVERS = (
    (5, "shop", "running", 4, 8192, 100, "Ubuntu 22.04 LTS", "192.0.2.10"),
    (5, "blog", "running", 1, 1024, 20, "Debian 12", None),
    (5, "db-primary", "running", 8, 16384, 200, "Debian 12", "192.0.2.12"),
    (5, "ci-runner", "stopped", 4, 8192, 80, "Ubuntu 24.04 LTS", None),
    (5, "old-site", "suspended", 1, 512, 10, "Debian 11", "192.0.2.14"),
    (4, "mail", "running", 2, 4096, 60, "Debian 12", "192.0.2.20"),
    (4, "game-server", "stopped", 4, 8192, 60, "Ubuntu 22.04 LTS", None),
)
# As the main site says it of a customer who has not paid.
SUSPENSIONS = {
    "old-site": sync.SuspensionSpec(
        reason="unpaid",
        message="Последний счёт не оплачен. Если вы уже заплатили, деньги придут в течение часа.",
        pay_url="https://ospab.host/billing/pay",
    )
}
COLUMNS = ("user_id", "name", "status", "cpu", "ram", "disk", "os", "ip_address")


def fill_in() -> None:
    """The data the first time, and the file every time: the port may be another.

    The file comes first: a kill between the two must not lose the passwords.
    """
    path = Path(settings.DATA_DIR) / "demo.json"
    known = json.loads(path.read_text()) if path.exists() else {"users": []}
    passwords = {user["username"]: user["password"] for user in known["users"]}
    people = [person | {"password": passwords.get(person["username"]) or new_password()} for person in PEOPLE]
    write_facts(path, people)
    if not get_user_model().objects.exists():
        create(people)
    refresh_cluster()


def new_password() -> str:
    """Of letters and digits, which a double click selects as one."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))


@transaction.atomic
def create(people: list[dict[str, Any]]) -> None:
    for person in people:
        add_person(person)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users))")
    for server in SERVERS:
        columns: dict[str, Any] = dict(zip(COLUMNS, server, strict=True))
        sync.apply_one(sync.SyncCommand("create", columns, suspension=SUSPENSIONS.get(columns["name"])))


def add_person(person: dict[str, Any]) -> None:
    is_staff = person["role"] == "staff"
    user = get_user_model()(
        id=person["id"],
        username=person["username"],
        email=person["email"],
        first_name=person["username"].title(),
        is_staff=is_staff,
        is_superuser=is_staff,
    )
    user.set_password(person["password"])
    user.save()


def refresh_cluster() -> None:
    """The simulated cluster's address may be another after each start."""
    Cluster.objects.update_or_create(
        name=CLUSTER,
        defaults={
            "hosts": [settings.DEMO_CLUSTER["tls"]],
            "token_id": settings.DEMO_CLUSTER["token"].partition("=")[0],
            "token_secret": settings.DEMO_CLUSTER["token"].partition("=")[2],
            "fingerprint": settings.DEMO_CLUSTER["fingerprint"],
        },
    )


def write_facts(path: Path, people: list[dict[str, Any]]) -> None:
    facts = {
        "url": settings.PANEL_URL,
        "api_key": settings.MAIN_SITE_API_KEYS[0],
        "simulator": {"url": settings.DEMO_CLUSTER["url"], "token": settings.DEMO_CLUSTER["token"]},
        "users": people,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(facts, indent=2) + "\n")
    os.replace(fresh, path)
