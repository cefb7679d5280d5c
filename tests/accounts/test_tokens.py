"""Tokens that are signed by the right key and say odd things, and refresh tokens that come again (C11, G6)."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import callers
from accounts.models import TokenFamily, User
from tests.conftest import PASSWORD, person, waiting
from tests.simulated import wait_for
from web.models import LimitCount

HUGE = 10**18
ODD_NUMBERS = ["abc", "1", True, 1.5, 10**30, -1, None, [1], {"a": 1}]
# Of these a token may say one, where it said something of ours.
ODD: list[dict[str, Any]] = [
    *({"exp": value} for value in [HUGE, 2**63, 1e300, float("inf"), float("nan"), 0, *ODD_NUMBERS]),
    *({"iat": value} for value in [HUGE, float("inf"), "abc", True, 1.5, None, [1], {"a": 1}]),
    *({"nbf": value} for value in [HUGE, 0, "abc", None, [1], float("inf")]),
    *(
        {"user_id": value}
        for value in ["abc", True, 1.5, HUGE, 2**31, "2147483648", None, [1], {"a": 1}, "", "0", 0, -1]
    ),
    *({"user_id": value} for value in ["1.0", " 1", "01", "+1", "1\0", "١", "１", "\ud800", "1\n"]),
    *({"version": value} for value in ["x", *ODD_NUMBERS, HUGE, "0", 0.0, False]),
    *({"jti": value} for value in ["", "\0", "\ud800", "x" * 65, 1, True, None, [1], {"a": 1}, "a b", "ы"]),
    *({"family": value} for value in ["", "\0", "\ud800", "x" * 65, 1, True, None, [1], {"a": 1}, "nobody"]),
    *({"token_type": value} for value in ["", "sliding", "ACCESS", None, True, 1, ["access"], {"access": 1}]),
    *({"aud": value} for value in ["", "another", None, True, 1, [1], {"ospab-panel": 1}, [["ospab-panel"]]]),
    *({"iss": value} for value in ["", "another", None, True, 1, ["ospab-panel"], {"a": 1}]),
]
NEEDED = ["exp", "jti", "user_id", "version", "token_type", "aud", "iss"]


def post(path: str, **body: Any) -> Any:
    return Client().post(f"/api/auth/{path}", body, content_type="application/json")


def log_in() -> dict[str, Any]:
    pair: dict[str, Any] = post("login", username="alice", password=PASSWORD).json()
    return pair


def me(access: str) -> int:
    status: int = Client(headers={"authorization": f"Bearer {access}"}).get("/api/auth/me").status_code
    return status


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def sign(claims: dict[str, Any], **more: Any) -> str:
    return jwt.PyJWS().encode(json.dumps(claims).encode(), settings.JWT_SIGNING_KEY, "HS256", **more)


def refused(kind: str, token: str) -> None:
    """At every endpoint that takes a token, and by the sockets. Wrong ones are counted, which is not the matter here."""
    LimitCount.objects.all().delete()
    if kind == "access":
        assert me(token) == 401
    answer = post("refresh", refresh=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert post("logout", refresh=token).status_code == 200
    assert callers.standings([callers.ByToken(token)]) == [None]


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_token_of_odd_claims_is_401_and_nobodys(alice: Any, bob: Any, kind: str) -> None:
    """C11: a token of odd claims is 401 and nobody's."""
    pair = log_in()
    ours = claims_of(pair[kind])
    for odd in ODD:
        refused(kind, sign(ours | odd))
    for name in NEEDED:
        refused(kind, sign({claim: value for claim, value in ours.items() if claim != name}))
    assert me(pair["access"]) == 200
    assert post("refresh", refresh=pair["refresh"]).status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "...", "x.y.z", "a" * 4000, "\ud800", "ы.ы.ы",
        sign({}), jwt.PyJWS().encode(b"[1]", settings.JWT_SIGNING_KEY, "HS256"),
        jwt.PyJWS().encode(b"[" * 2900, settings.JWT_SIGNING_KEY, "HS256"),
        jwt.PyJWS().encode(b'{"exp":' + b"9" * 2900 + b"}", settings.JWT_SIGNING_KEY, "HS256"),
        sign({}, headers={"crit": ["x"]}), sign({}, headers={"b64": False}),
    ],
)  # fmt: skip
def test_token_that_is_none_is_401(alice: Any, token: str) -> None:
    """C11: what is no token is 401."""
    assert callers.standings([callers.ByToken(token)]) == [None]
    assert post("logout", refresh=token).status_code in (200, 400)
    assert post("refresh", refresh=token).status_code in (400, 401)
    if token.isascii():
        assert me(token) == 401


def test_token_of_another_kind_opens_nothing(alice: Any) -> None:
    pair = log_in()
    assert me(pair["refresh"]) == 401
    assert callers.standings([callers.ByToken(pair["refresh"])]) == [None]
    assert post("refresh", refresh=pair["access"]).status_code == 401
    post("logout", refresh=pair["access"])
    assert me(pair["access"]) == 200


def test_token_family_is_taken_over_by_nobody(alice: Any, bob: Any) -> None:
    pair = log_in()
    assert post("refresh", refresh=sign(claims_of(pair["refresh"]) | {"user_id": str(bob.pk)})).status_code == 401
    assert me(sign(claims_of(pair["access"]) | {"user_id": str(bob.pk)})) == 401
    assert post("refresh", refresh=pair["refresh"]).status_code == 200


def test_refresh_token_that_is_spent_and_comes_again_ends_its_family(alice: Any, caplog: Any) -> None:
    """G6: a spent refresh token that comes again ends its family."""
    other = log_in()
    first = log_in()
    second = post("refresh", refresh=first["refresh"]).json()
    third = post("refresh", refresh=second["refresh"]).json()
    assert [me(pair["access"]) for pair in (first, second, third)] == [200] * 3
    with caplog.at_level(logging.WARNING):
        assert post("refresh", refresh=first["refresh"]).json()["code"] == "invalid_token"
    assert f"refresh token of user {alice.pk} came again" in caplog.text
    for pair in (first, second, third):
        assert post("refresh", refresh=pair["refresh"]).status_code == 401
        assert me(pair["access"]) == 401
        assert callers.standings([callers.ByToken(pair["access"])]) == [None]
    assert TokenFamily.objects.exclude(ended_at=None).get().ended_why == "reused"
    assert me(other["access"]) == 200, "another login of hers lives on"
    assert post("refresh", refresh=other["refresh"]).status_code == 200


def test_logout_ends_all_of_that_login_whichever_of_its_tokens_came(alice: Any) -> None:
    other, first = log_in(), log_in()
    second = post("refresh", refresh=first["refresh"]).json()
    assert post("logout", refresh=first["refresh"]).status_code == 200
    assert post("refresh", refresh=second["refresh"]).status_code == 401
    assert (me(first["access"]), me(second["access"]), me(other["access"])) == (401, 401, 200)


@pytest.mark.django_db(transaction=True)
def test_refresh_token_copies_that_come_together_end_nothing_and_one_that_comes_later_does() -> None:
    """G6: all found the token good when they came: the row is held until they have."""
    person("alice")
    pair = log_in()

    def refresh(_: int) -> tuple[int, Any]:
        answer = post("refresh", refresh=pair["refresh"])
        connection.close()
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(4) as pool:
        with transaction.atomic():
            TokenFamily.objects.select_for_update().get()
            asked = [pool.submit(refresh, at) for at in range(4)]
            wait_for(lambda: waiting() == 4)
        answers = [one.result() for one in asked]
    assert sorted(status for status, _ in answers) == [200, 401, 401, 401]
    won = next(body for status, body in answers if status == 200)
    assert me(won["access"]) == 200
    next_pair = post("refresh", refresh=won["refresh"])
    assert next_pair.status_code == 200
    assert post("refresh", refresh=pair["refresh"]).status_code == 401
    assert post("refresh", refresh=next_pair.json()["refresh"]).status_code == 401


def of_release_0_3(user: User) -> str:
    """As it was given then: it is on the list of outstanding tokens, and knows no family."""
    token = RefreshToken.for_user(user)
    token["version"] = user.token_version
    return str(token)


def test_refresh_token_of_before_the_upgrade_is_good_once_and_founds_a_family(alice: Any) -> None:
    old = of_release_0_3(alice)
    pair = post("refresh", refresh=old).json()
    assert me(pair["access"]) == 200
    assert post("refresh", refresh=old).status_code == 401
    assert post("refresh", refresh=pair["refresh"]).status_code == 401
    assert post("refresh", refresh=old).status_code == 401


def test_refresh_token_that_was_spent_before_the_upgrade_stays_spent(alice: Any) -> None:
    old = of_release_0_3(alice)
    BlacklistedToken.objects.create(token=OutstandingToken.objects.get())
    assert post("refresh", refresh=old).status_code == 401
    unknown = claims_of(old) | {"jti": uuid4().hex}
    assert post("refresh", refresh=sign(unknown)).status_code == 401
    assert not TokenFamily.objects.exists()


def test_logout_ends_a_refresh_token_of_before_the_upgrade(alice: Any) -> None:
    old = of_release_0_3(alice)
    post("logout", refresh=old)
    assert post("refresh", refresh=old).status_code == 401


def test_token_that_has_expired_is_401(alice: Any) -> None:
    pair = log_in()
    for kind in ("access", "refresh"):
        refused(kind, sign(claims_of(pair[kind]) | {"exp": int(time.time())}))
