"""Sync commands as the main site sends them, one and many, for the tests beside this."""

from typing import Any

from django.conf import settings
from django.test import Client

from ospab_panel.server.wsgi_bridge import Answer, collected
from ospab_panel.server.wsgi_environ import environ_of
from ospab_panel.wsgi import application

ORDER = {"name": "web-01", "status": "creating", "cpu": 4, "ram": 8192, "disk": 100, "os": "Ubuntu 22.04 LTS"}


def client(**options: Any) -> Client:
    return Client(headers={"X-API-Key": settings.MAIN_SITE_API_KEYS[0]}, **options)


def served(method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    """As the web process answers: a client of the tests makes its requests in another way, keeps the body and the answer, and
    takes that apart. `x_api_key` is the header X-API-Key."""
    given = {"host": "testserver", "content-type": "application/json", "content-length": str(len(body))} | headers
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"method": method, "path": path, "query_string": b"", "http_version": "1.1", "headers": pairs}
    return collected(application, environ_of(scope, body))


def batch(*operations: Any, **more: Any) -> Any:
    body = {"operations": list(operations)} | more
    return client().post("/api/vps/sync/batch", body, content_type="application/json")


def create(user: Any, **vps: Any) -> dict[str, Any]:
    return {"action": "create", "vps": {"user_id": user.id} | ORDER | vps}


def update(**vps: Any) -> dict[str, Any]:
    return {"action": "update", "vps": vps}


def delete(**vps: Any) -> dict[str, Any]:
    return {"action": "delete", "vps": vps}


def results(answer: Any) -> list[str]:
    assert [result["index"] for result in answer.json()["results"]] == list(range(len(answer.json()["results"])))
    return [result.get("code", result["status"]) for result in answer.json()["results"]]
