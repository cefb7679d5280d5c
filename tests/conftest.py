"""The cast and their things, for every test: Alice owns it, Bob is a stranger, Carol is staff, the main site has a key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone

from ospab_panel.celery import app
from tests import contract, emptying
from tests.seams import put, shorten
from tests.servers import template
from vps import notify
from vps.management.commands.prepare import collect_static
from vps.models import Cluster, Placement, Vps

PASSWORD = "a long and winding password"
Make = Callable[..., Any]
WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
# The application is there before a test replaces what it does.
__all__ = ["app", "shorten"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Parallel workers copy one database, rather than each migrate its own."""
    if name := template():
        connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture(scope="session", autouse=True)
def patient() -> None:
    """Who waits for a connection for 2 s, or for Redis for one, is told so by the panel or left to the sweeper.

    The tests have the time, for it is not the panel that is busy then; and there are connections for the threads that a
    test has left to the next.
    """
    connection.settings_dict["OPTIONS"]["pool"] |= {"timeout": 60, "max_size": 32}
    settings.CACHES["default"]["OPTIONS"]["socket_timeout"] = 60
    put("redis_s", 60)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit leave an empty database behind, as Django has it, but sooner."""
    with django_db_blocker.unblock():
        rows = emptying.count_kept()
    TransactionTestCase._fixture_teardown = lambda _: emptying.empty(rows)  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def quick_and_clean(settings: Any) -> None:
    """Nothing of the last test in Redis; passwords hashed by the quickest hasher, for a good one is slow by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    notify.redis_check.skip_until = 0.0
    cache.clear()


@pytest.fixture
def django_capture_on_commit_callbacks(django_capture_on_commit_callbacks: Any) -> Any:
    """What the set-up of a test has to say stays unsaid, and what the test says is not gathered with it."""

    def capture(**options: Any) -> Any:
        connection.run_on_commit.clear()
        return django_capture_on_commit_callbacks(**options)

    return capture


@pytest.fixture(autouse=True)
def described_answers(monkeypatch: Any) -> None:
    """Whatever the API answers to any test must be as its description says."""
    request = Client.request

    def checked(self: Client, **environ: Any) -> Any:
        response = request(self, **environ)
        contract.check(response)
        return response

    monkeypatch.setattr(Client, "request", checked)


def person(username: str, **columns: Any) -> Any:
    user = get_user_model()(username=username, email=f"{username}@example.com", **columns)
    user.set_password(PASSWORD)
    user.save()
    return user


def waiting() -> int:
    """How many connections to this database wait for a lock of somebody else's."""
    with connection.cursor() as cursor:
        # A transaction would see the same picture for as long as it lasts.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])


@pytest.fixture
def alice(db: None) -> Any:
    return person("alice")


@pytest.fixture
def bob(db: None) -> Any:
    return person("bob")


@pytest.fixture
def carol(db: None) -> Any:
    return person("carol", is_staff=True, is_superuser=True)


@pytest.fixture(scope="session")
def static_files() -> None:
    """Pages name their static files by their contents, so these are collected before the first page of any worker."""
    collect_static()


@pytest.fixture
def as_user(static_files: None) -> Make:
    """A browser in which this user is logged in."""

    def log_in(user: Any) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user, backend="accounts.backends.UsernameOrEmailBackend")
        return client

    return log_in


@pytest.fixture
def with_token(db: None) -> Make:
    """A program that holds this user's JWT."""

    def log_in(user: Any) -> Client:
        body = {"username": user.username, "password": PASSWORD}
        answer = Client().post("/api/auth/login", body, content_type="application/json")
        return Client(headers={"authorization": f"Bearer {answer.json()['access']}"})

    return log_in


@pytest.fixture
def main_site(db: None, settings: Any) -> Make:
    """The main site, which calls POST /api/vps/sync with its key."""
    client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})

    def sync(action: str, path: str = "/api/vps/sync", **vps: Any) -> Any:
        return client.post(path, {"action": action, "vps": vps}, content_type="application/json")

    return sync


@pytest.fixture
def make_vps(db: None) -> Make:
    def make(user: Any, **columns: Any) -> Vps:
        defaults = {"name": "shop", "status": "running", "cpu": 2, "ram": 2048, "disk": 40, "os": "Debian 12"}
        vps: Vps = Vps.objects.create(user=user, **defaults | columns)
        vps.refresh_from_db()
        return vps

    return make


@pytest.fixture
def cluster(db: None) -> Cluster:
    """A cluster that was heard just now; nothing answers at its address."""
    made: Cluster = Cluster.objects.create(
        name="main",
        hosts=["127.0.0.1:1"],
        token_id="panel@pve!portal",
        token_secret="not-a-real-secret",
        seen_at=timezone.now(),
    )
    return made


@pytest.fixture
def bind(cluster: Cluster) -> Make:
    def bind_to(vps: Vps, vmid: int = 100, **columns: Any) -> Placement:
        defaults = {"cluster": cluster, "kind": "qemu", "node": "pve1", "power": vps.status, "identity": f"uuid-{vmid}"}
        placement: Placement = Placement.objects.create(vps=vps, vmid=vmid, **defaults | columns)
        return placement

    return bind_to
