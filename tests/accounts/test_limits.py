"""What may be tried so often only, and who is not shut out by it (G4, G5). Counted in PostgreSQL, on every endpoint alike."""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.db.models.functions import TruncHour
from django.test import Client

from accounts import addresses, hashing, limits
from accounts.models import KnownNetwork
from tests.accounts.conftest import at_once
from tests.conftest import PASSWORD, person
from tests.seams import Shorten
from tests.simulated import wait_for
from vps.models import SyncCall
from web.limits import Limit
from web.models import LimitCount

HOME, ELSEWHERE, FAR = "198.51.100.7", "198.51.100.8", "203.0.113.1"


def log_in(name: str = "alice", password: str = "wrong", address: str = FAR) -> Any:
    body = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/api/auth/login", body, content_type="application/json")


def by_page(path: str, password: str, address: str = FAR, name: str = "alice") -> Any:
    return Client(REMOTE_ADDR=address).post(path, {"username": name, "password": password})


def fill(limit: Limit, who: str) -> None:
    """As if it had been tried just now as often as it may be."""
    LimitCount.objects.filter(what=limit.what, who=who).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO limit_counts VALUES (%s, %s, %s, now() + %s)", [limit.what, who, limit.most, limit.per]
        )


def later(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE limit_counts SET ends_at = ends_at - make_interval(secs => %s)", [seconds])


def test_login_limits_share_one_count_over_page_api_and_admin(alice: Any, carol: Any, static_files: None) -> None:
    """G5: page, API and admin share one count."""
    for _ in range(3):
        assert by_page("/login/", "wrong", name="Carol").status_code == 200
        assert by_page("/admin/login/", "wrong", name="carol@example.com").status_code == 200
        assert log_in("carol").status_code == 401
    assert log_in("CAROL").status_code == 401
    answers = [
        log_in("carol", PASSWORD),
        *(by_page(path, PASSWORD, name="carol") for path in ("/login/", "/admin/login/")),
    ]
    for answer in answers:
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 900
    assert answers[0].json()["code"] == "too_many_attempts"
    assert log_in("carol", PASSWORD, HOME).status_code == 200


def test_login_limits_name_the_true_wait(alice: Any, static_files: None) -> None:
    """G5: what is shown of the wait is true."""
    fill(limits.PASSWORDS_NEAR, f"user {alice.pk} {FAR}")
    later(900 - 125)
    answer = log_in()
    assert 120 <= int(answer["Retry-After"]) <= 125
    assert answer.json()["message"] == "Too many failed attempts. Try again in 3 minutes."
    page = Client(REMOTE_ADDR=FAR, headers={"accept-language": "ru"}).post(
        "/login/", {"username": "alice", "password": "wrong"}
    )
    assert re.search(r"Вход закрыт ещё на <span[^>]*>2:0[0-5]</span>", page.content.decode())
    assert "поддержка" in page.content.decode()
    assert "429" not in re.sub("<[^>]*>", "", page.content.decode()).split()
    later(125)
    assert log_in(password=PASSWORD).status_code == 200
    assert not LimitCount.objects.filter(what=limits.PASSWORDS_NEAR.what).exists()


def test_login_limits_let_no_stranger_who_knows_the_name_lock_anybody_out(alice: Any) -> None:
    """G5: a stranger who knows the name locks nobody out."""
    for _ in range(60):
        log_in()
    assert log_in(password=PASSWORD, address=HOME).status_code == 200, "who was never here before"
    assert log_in(password=PASSWORD).status_code == 429


def test_login_limits_slow_networks_that_are_unknown_and_not_those_where_the_user_has_been(alice: Any) -> None:
    """G5: many strangers from many networks slow what is unknown, and not where she has been."""
    assert log_in(password=PASSWORD, address=HOME).status_code == 200
    statuses = Counter(log_in(password=f"wrong {host}", address=f"203.0.113.{host}").status_code for host in range(250))
    assert statuses == {401: limits.PASSWORDS_OF_ACCOUNT.most, 429: 250 - limits.PASSWORDS_OF_ACCOUNT.most}
    assert log_in(password=PASSWORD, address=ELSEWHERE).status_code == 429
    assert log_in(password=PASSWORD, address=HOME).status_code == 200
    fill(limits.PASSWORDS_OF_ALL, "")
    fill(limits.PASSWORDS_OF_NETWORK, HOME)
    assert log_in(password=PASSWORD, address=HOME).status_code == 200
    assert [log_in(address=HOME).status_code for _ in range(11)] == [401] * 10 + [429]


def test_login_limits_know_the_network_where_a_login_link_let_the_user_in(alice: Any, link_for: Any) -> None:
    assert Client(REMOTE_ADDR=HOME).post(link_for(alice)).status_code == 302
    fill(limits.PASSWORDS_OF_ACCOUNT, f"user {alice.pk}")
    assert log_in(password=PASSWORD, address=ELSEWHERE).status_code == 429
    assert log_in(password=PASSWORD, address=HOME).status_code == 200


def test_login_limits_stop_one_password_over_many_names_from_one_network_and_from_many(alice: Any) -> None:
    """G5: one password over many names is stopped, from one network and from many."""
    most = limits.PASSWORDS_OF_NETWORK.most
    tried = [log_in(f"name{at}", f"wrong {at}").status_code for at in range(most + 5)]
    assert tried == [401] * most + [429] * 5
    LimitCount.objects.all().delete()
    most = limits.PASSWORDS_ALIKE.most
    tried = [log_in(f"name{at}", "Summer2026!", f"203.0.113.{at}").status_code for at in range(most + 5)]
    assert tried == [401] * most + [429] * 5
    assert log_in(password=PASSWORD, address=HOME).status_code == 200


def test_login_limits_count_all_together_too_and_the_log_names_the_limit(alice: Any, caplog: Any) -> None:
    """G5: all together are limited too, and the log names the limit."""
    fill(limits.PASSWORDS_OF_ALL, "")
    assert log_in().status_code == 429
    assert "Too many wrong passwords, all: refused for 900 s" in caplog.text
    assert log_in("nobody").status_code == 429


def test_login_limits_that_refuse_fill_no_other_count(alice: Any) -> None:
    for _ in range(20):
        log_in()
    counts = {row.what: row.count for row in LimitCount.objects.all()}
    assert counts == dict.fromkeys(counts, 10)
    fill(limits.PASSWORDS_OF_ALL, "")
    for at in range(5):
        log_in(f"name{at}", address=ELSEWHERE)
    assert not LimitCount.objects.filter(who=ELSEWHERE, count__gt=0).exists()


def test_login_limits_count_no_right_password_which_clears_no_count_but_its_own(alice: Any, bob: Any) -> None:
    for at in range(20):
        log_in(f"name{at}")
    assert log_in("bob", PASSWORD).status_code == 200
    assert LimitCount.objects.get(what=limits.PASSWORDS_OF_NETWORK.what).count == 20
    assert LimitCount.objects.get(what=limits.PASSWORDS_OF_ALL.what).count == 20
    for _ in range(50):
        assert log_in("alice", PASSWORD, HOME).status_code == 200


def test_login_limits_keep_no_password_and_no_name_in_their_table(alice: Any) -> None:
    log_in("a name of nobody", "secret typed wrongly")
    kept = str(list(LimitCount.objects.values()))
    assert "nobody" not in kept
    assert "secret" not in kept


@pytest.mark.django_db(transaction=True)
def test_login_limits_of_forty_wrong_ones_at_once_let_ten_be_checked() -> None:
    """G5: of forty at once ten are checked."""
    person("alice")
    statuses = at_once(lambda at: log_in(password=f"wrong {at}").status_code, range(40))
    assert Counter(statuses) == {401: 10, 429: 30}


@pytest.mark.django_db(transaction=True)
def test_login_limits_of_forty_right_ones_at_once_refuse_none() -> None:
    """G5: of forty right ones at once none is refused."""
    person("alice")
    assert set(at_once(lambda _: log_in(password=PASSWORD).status_code, range(40))) == {200}
    assert KnownNetwork.objects.count() == 1


def test_login_limits_without_redis_open_nothing_and_lock_nobody_out(alice: Any, settings: Any) -> None:
    """G5: a dead Redis opens nothing and locks nobody out."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert [log_in().status_code for _ in range(11)] == [401] * 10 + [429]
    assert log_in(password=PASSWORD, address=HOME).status_code == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::ffff:c000:201", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"), ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"), ("fe80::1%eth0", "fe80::/64"), ("::1", "::/64"),
        ("", ""), ("unix:", ""), ("192.0.2.1, 192.0.2.2", ""),
    ],
)  # fmt: skip
def test_network_of_an_ipv6_address_is_its_64(address: str, network: str) -> None:
    """G4: of IPv6 a /64 is one address."""
    assert addresses.network(address) == network


def test_login_limits_count_guesses_from_one_64_as_those_of_one_address(alice: Any) -> None:
    """G4: guessing from one /64 counts as from one address."""
    assert [log_in(address=f"2001:db8:1:2::{at:x}").status_code for at in range(11)] == [401] * 10 + [429]
    assert log_in(password=PASSWORD, address="2001:db8:1:2:aaaa::1").status_code == 429
    assert log_in(password=PASSWORD, address="2001:db8:1:3::1").status_code == 200
    for _ in range(5):
        log_in("bob", address="192.0.2.1")
        log_in("bob", address="::ffff:192.0.2.1")
    assert log_in("bob", address="192.0.2.1").status_code == 429


# Other secrets


def with_key(key: str | None, address: str = FAR) -> Any:
    client = Client(REMOTE_ADDR=address, headers={} if key is None else {"x-api-key": key})
    return client.post("/api/vps/sync", {}, content_type="application/json")


def test_api_key_limits_refuse_wrong_keys_and_never_the_right_one(db: None, settings: Any) -> None:
    """G5: wrong keys are limited, and the right one never is."""
    right, most = settings.MAIN_SITE_API_KEYS[0], limits.KEYS_OF_NETWORK.most
    assert [with_key(f"wrong {at}").status_code for at in range(most + 2)] == [401] * most + [429] * 2
    refused = with_key("wrong")
    assert refused.json()["code"] == "too_many_attempts"
    assert 0 < int(refused["Retry-After"]) <= 60
    assert with_key(right).status_code == 400
    assert with_key(None).status_code == 401
    assert with_key("wrong", HOME).status_code == 401
    fill(limits.KEYS_OF_ALL, "")
    assert with_key("wrong", HOME).status_code == 429
    assert with_key(right, HOME).status_code == 400
    counted = SyncCall.objects.unauthenticated().by_result(TruncHour("at"))
    assert [(row["result"], row["calls"]) for row in counted] == [("unauthenticated", most + 6)]


def test_refresh_token_limits_refuse_wrong_ones_and_never_a_right_one(alice: Any) -> None:
    """G5: wrong refresh tokens are limited, and a right one never is."""
    pair = log_in(password=PASSWORD).json()

    def refresh(token: str) -> Any:
        client = Client(REMOTE_ADDR=FAR)
        return client.post("/api/auth/refresh", {"refresh": token}, content_type="application/json")

    most = limits.REFRESHES_OF_NETWORK.most
    assert [refresh("x.y.z").status_code for _ in range(most + 1)] == [401] * most + [429]
    assert refresh("x.y.z").json()["code"] == "too_many_attempts"
    assert refresh(pair["refresh"]).status_code == 200


def test_login_link_limits_refuse_links_that_never_were_and_never_a_right_one(alice: Any, link_for: Any) -> None:
    """G5: links that never were are limited, and a right one never is."""
    spent = link_for(alice)
    client = Client(REMOTE_ADDR=FAR)
    client.post(spent)
    most = limits.LINKS_OF_NETWORK.most
    assert [client.get(spent).status_code for _ in range(most + 5)] == [410] * (most + 5), "that is no guess"
    tried = [client.get(f"/login/link/{'x' * 40}{at:03}/").status_code for at in range(most + 1)]
    assert tried == [410] * most + [429]
    refused = client.post("/login/link/x/")
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert client.post(link_for(alice)).status_code == 302


@pytest.mark.parametrize("path", ["/profile/password/", "/admin/password_change/"])
def test_password_change_limits_let_a_stolen_session_guess_no_faster_than_a_stranger(
    carol: Any, as_user: Any, path: str
) -> None:
    """G5: a stolen session guesses no faster than a stranger."""
    thief = as_user(carol)
    form = {"old_password": "wrong", "new_password1": "quite another 1", "new_password2": "quite another 1"}

    def change(**fields: str) -> Any:
        answer = thief.post(path, form | fields, REMOTE_ADDR=FAR)
        return (
            thief.post(answer["Location"], form | fields, REMOTE_ADDR=FAR)
            if path == "/admin/password_change/"
            else answer
        )

    assert [change().status_code for _ in range(11)] == [200] * 10 + [429]
    refused = change(old_password=PASSWORD)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert log_in("carol", PASSWORD).status_code == 429, "it is the same secret"
    assert log_in("carol", PASSWORD, HOME).status_code == 200
    later(900)
    assert change(old_password=PASSWORD).status_code == 302


# Hashes


class Held(MD5PasswordHasher):
    """A hash that lasts until it is let go."""

    let_go = threading.Event()
    at_once: list[int] = []
    hashing = 0
    lock = threading.Lock()

    def encode(self, password: str, salt: str) -> str:
        with Held.lock:
            Held.hashing += 1
            Held.at_once.append(Held.hashing)
        assert Held.let_go.wait(60)
        with Held.lock:
            Held.hashing -= 1
        return super().encode(password, salt)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False])
def test_hashing_takes_a_few_threads_and_no_more(settings: Any, shorten: Shorten, is_known: bool) -> None:
    """G5: eight at once, of which two hash, two wait, and four are asked to come back; so nobody else waits."""
    names = [person(f"user{at}").username if is_known else f"user{at}" for at in range(8)]
    # Eight need as many connections, whichever of the pool's the threads of other tests have not given back.
    connection.close()
    connection.close_pool()
    settings.PASSWORD_HASHERS = [f"{__name__}.Held"]
    shorten(hash_waits_s=60)
    Held.let_go.clear()
    Held.at_once.clear()

    def try_it(name: str) -> Any:
        try:
            return log_in(name, PASSWORD)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(try_it, name) for name in names]
        wait_for(lambda: sum(one.done() for one in asked) == 8 - hashing.AT_ONCE - hashing.WAITING)
        refused = [one.result() for one in asked if one.done()]
        assert Client().get("/healthz").status_code == 200
        Held.let_go.set()
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer["Retry-After"]) > 0
    let_in = [one.result().status_code for one in asked if one.result() not in refused]
    assert let_in == [200 if is_known else 401] * 4
    assert max(Held.at_once) == hashing.AT_ONCE
    counted = LimitCount.objects.filter(what=limits.PASSWORDS_OF_ALL.what).get()
    assert counted.count == (0 if is_known else 4), "what was not checked counts for nothing"


def test_hashing_that_is_waited_for_too_long_is_503(alice: Any, shorten: Shorten) -> None:
    shorten(hash_waits_s=0.01)
    for _ in range(hashing.AT_ONCE):
        hashing.slots.acquire()
    try:
        assert log_in(password=PASSWORD).status_code == 503
    finally:
        for _ in range(hashing.AT_ONCE):
            hashing.slots.release()
    assert log_in(password=PASSWORD).status_code == 200
