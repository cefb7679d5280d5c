"""`make bench WHAT=reads`: what a read costs among a million VPSs of 50,000 users, against the same among a thousand.

Two databases of one server, filled by statements of whole tables; every path is asked in-process, in turn of each.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.core.management import call_command

from benchmarks.goals import Goal, show
from benchmarks.reconcile import panel

SMALL, LARGE = "panel", "many"
AT_MOST = 1.2
# It has to read all there is: no goal.
LINEAR = "hash of all, in their order"
KEY = "for-tests-only-the-main-site-key-0123456789"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.reads", description=__doc__)
    parser.add_argument("--vpses", type=int, default=1_000_000)
    parser.add_argument("--of", type=int, default=1000, help="how many the small one has")
    parser.add_argument("--times", type=int, default=15)
    given = parser.parse_args()
    with panel():
        static_files()
        make(LARGE, given.vpses)
        make(SMALL, given.of)
        print(f"{'read':<34} {'ms':>9} {'ms':>9} {'rows':>9} {'rows':>9}   of {given.of:,} and of {given.vpses:,}")
        show(*(goal for path in paths(given.of) for goal in compared(path, given.times)))


def static_files() -> None:
    """Pages name theirs by their contents."""
    from vps.management.commands.prepare import collect_static

    collect_static()


def make(name: str, vpses: int) -> None:
    # Models are there when Django is.
    from django.db import connection

    from benchmarks.many import fill

    if name != SMALL:
        switch_to("postgres")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
    switch_to(name)
    if name != SMALL:
        call_command("migrate", verbosity=0)
    began = time.perf_counter()
    fill(vpses)
    people()
    print(f"{vpses:,} VPSs are there after {time.perf_counter() - began:.0f} s", flush=True)


def people() -> None:
    from accounts.models import User

    User.objects.create(username="staff", email="staff@example.org", is_staff=True, is_superuser=True)


def switch_to(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def paths(small: int) -> list[tuple[str, Callable[[], Any]]]:
    """(what it is called, a call of it): all that they find is there among the few as well."""
    from vps.models import Vps
    from vps.services.binding.by_name import bind_by_name

    one, deep = small // 2, 10_000
    by = {name: reader(name) for name in ("user-000010", "staff")}

    def page(path: str, who: str = "staff") -> Callable[[], Any]:
        return lambda: by[who]().get(path, follow=True)

    def api(path: str) -> Callable[[], Any]:
        return lambda: client(headers={"X-API-Key": KEY}).get(path)

    return [
        ("list of a customer", page("/", "user-000010")),
        ("page of a server", page("/vps/200/", "user-000010")),
        ("sync: a page", api("/api/vps/sync?limit=100")),
        ("sync: a page of what is new", api("/api/vps/sync?limit=100&updated_since=2100-01-01T00:00:00Z")),
        ("feed: the first page", api("/api/events?limit=100")),
        ("feed: a rare type", api("/api/events?limit=100&type=vps.missing")),
        ("feed: two rare types", api("/api/events?limit=100&type=vps.missing,vps.found")),
        ("staff: first page", page("/admin/")),
        ("staff: servers", page("/admin/vps/vps/")),
        ("staff: servers by name", page("/admin/vps/vps/?o=1")),
        ("staff: servers, the last changed", page("/admin/vps/vps/?o=-7")),
        ("staff: servers in error", page("/admin/vps/vps/?status__exact=error")),
        ("staff: servers that need a hand", page("/admin/vps/vps/?show=attention")),
        ("staff: servers, page 10,000", page(f"/admin/vps/vps/?p={deep}")),
        ("staff: search by name", page(f"/admin/vps/vps/?q=web-{one:07}")),
        ("staff: search by address", page("/admin/vps/vps/?q=10.0.1.7")),
        ("staff: search by owner", page("/admin/vps/vps/?q=user-000010@example.com")),
        ("staff: a server", page(f"/admin/vps/vps/{one}/change/")),
        ("staff: events", page("/admin/vps/event/")),
        ("staff: events of a rare type", page("/admin/vps/event/?type__exact=vps.missing")),
        ("staff: events, search", page(f"/admin/vps/event/?q=web-{one:07}")),
        ("staff: operations", page("/admin/vps/operation/")),
        ("staff: operations, search", page(f"/admin/vps/operation/?q=web-{one:07}")),
        ("staff: users", page("/admin/accounts/user/")),
        ("staff: users, search", page("/admin/accounts/user/?q=user-000010")),
        ("bind by name, where all are bound", bind_by_name),
        ("unbound ones", lambda: list(Vps.objects.unbound())),
        ("digest", api("/api/vps/sync?digest=sum")),
        (LINEAR, api("/api/vps/sync?digest=1")),
    ]


def client(**more: Any) -> Any:
    from django.test import Client

    return Client(SERVER_NAME="localhost", **more)


def reader(username: str) -> Callable[[], Any]:
    """Whoever is logged in, in whichever database it is: made once for each."""
    made: dict[str, Any] = {}

    def of_this_database() -> Any:
        from django.db import connection

        from accounts.models import User

        name = connection.settings_dict["NAME"]
        if name not in made:
            made[name] = client()
            made[name].force_login(
                User.objects.get(username=username), backend="accounts.backends.UsernameOrEmailBackend"
            )
        return made[name]

    return of_this_database


def compared(path: tuple[str, Callable[[], Any]], times: int) -> list[Goal]:
    what, call = path
    rows = {name: rows_of(name, call) for name in (SMALL, LARGE)}
    took: dict[str, list[float]] = {SMALL: [], LARGE: []}
    for _ in range(times):
        for name, found in took.items():
            found.append(seconds_of(name, call))
    half = {name: statistics.median(found) for name, found in took.items()}
    print(
        f"{what:<34} {half[SMALL] * 1000:>9.2f} {half[LARGE] * 1000:>9.2f} {rows[SMALL]:>9,.0f} {rows[LARGE]:>9,.0f}",
        flush=True,
    )
    if what == LINEAR:
        return []
    return [
        Goal(f"{what}, time", half[LARGE] / half[SMALL], at_most=AT_MOST),
        Goal(f"{what}, rows", (rows[LARGE] or 1) / (rows[SMALL] or 1), at_most=AT_MOST),
    ]


def seconds_of(name: str, call: Callable[[], Any]) -> float:
    """With a connection that is open, and nothing in Redis: whatever is counted for some seconds is counted here."""
    switch_and_forget(name)
    began = time.perf_counter()
    answer = call()
    took = time.perf_counter() - began
    if getattr(answer, "status_code", 200) != 200:
        raise SystemExit(f"{answer.status_code}: {answer.content[:500]!r}")
    return took


def rows_of(name: str, call: Callable[[], Any]) -> float:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from benchmarks.touched import touched

    switch_and_forget(name)
    call()
    switch_and_forget(name)
    with CaptureQueriesContext(connection) as queries:
        call()
    return touched([query["sql"] for query in queries if query["sql"].lstrip(" (\n").startswith(("SELECT", "WITH"))])


def switch_and_forget(name: str) -> None:
    from django.core.cache import cache
    from django.db import connection

    if connection.settings_dict["NAME"] != name:
        switch_to(name)
    connection.ensure_connection()
    cache.clear()


if __name__ == "__main__":
    main()
