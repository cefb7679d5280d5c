"""An answer of the API goes with all that was read for it as soon as it is sent: nothing waits for the garbage collector."""

import gc
import json
from typing import Any

import pytest
from django.conf import settings

from tests.vps.api.commands import create, delete, served, update

OFTEN = 5


@pytest.mark.django_db(transaction=True)
def test_an_answer_of_the_api_leaves_nothing_that_goes_in_circles(
    alice: Any, make_vps: Any, bind: Any, with_token: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    token = {"authorization": with_token(alice).defaults["HTTP_AUTHORIZATION"]}
    key = {"x_api_key": settings.MAIN_SITE_API_KEYS[0]}
    calls = [
        (200, "GET", "/api/vps", token, None),
        (401, "GET", "/api/vps", {"authorization": "Bearer nonsense"}, None),
        (201, "POST", "/api/vps/sync", key, create(alice)),
        (200, "POST", "/api/vps/sync", key, update(id=vps.pk, status="stopped")),
        (404, "POST", "/api/vps/sync", key, delete(id=999999)),
        (400, "POST", "/api/vps/sync", key, {"action": "dance"}),
    ]
    assert [(call, left_by(*call)) for call in calls] == [(call, 0) for call in calls]


def left_by(status: int, method: str, path: str, headers: dict[str, str], given: Any) -> int:
    """How many objects are found only by looking for them, after some calls of the same kind."""
    body = b"" if given is None else json.dumps(given).encode()
    assert served(method, path, body, **headers).status == status
    gc.collect()
    gc.disable()
    try:
        for _ in range(OFTEN):
            served(method, path, body, **headers)
        return gc.collect()
    finally:
        gc.enable()
