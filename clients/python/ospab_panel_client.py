"""The panel's client for the main site, in Python: one file, the standard library alone, 3.9 or newer. Copy it in.

    from ospab_panel_client import OspabPanel

    panel = OspabPanel()
    vps = panel.create_vps(user_id=5, name="web-01", cpu=4, ram_gb=8, disk=100, os="Debian 12")["vps"]
    panel.update_vps(vps["id"], status="running")

`OspabPanel()` reads OSPAB_PANEL_URL and VPS_SYNC_API_KEY when it makes its first call; threads may share it. Every
failure is a PanelError with the panel's own sentence. What may pass by itself is tried again, under the same
Idempotency-Key, so that the panel does it once however often it is sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import socket
import ssl
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Union
from urllib.parse import SplitResult, quote, urlencode, urlsplit

__all__ = ["Operation", "OspabPanel", "PanelError", "WebhookError", "digest_of", "verify_webhook"]

LONGEST_PAUSE_S = 10.0
# A panel that wants to be left alone for longer is for the caller's queue to come back to.
LONGEST_RETRY_AFTER_S = 60.0
BATCH_TIMEOUT_S = 60.0
MOST_OPERATIONS = 10_000
# The panel takes 16 MiB; the rest is for what stands around the operations.
MOST_BYTES = 15 * 1024 * 1024
PASSING_STATUSES = {408, 429, *range(500, 600)}
PASSING_CODES = {"network_error", "timeout", "request_in_progress"}
# What is said of the key, the address, or what stands between, and so of every call alike.
SETUP_CODES = {
    *("not_configured", "redirected", "invalid_answer", "bad_request", "not_found", "method_not_allowed"),
    *("invalid_api_key", "not_authenticated", "permission_denied"),
}
TOO_LARGE = 413
# What a whole body is refused for, and one operation in it may be to blame for.
BODY_CODES = {
    *("invalid_text", "too_deep", "too_many_values", "too_large", "duplicate_key", "not_finite", "invalid_json"),
}
VISIBLE = re.compile(r"[\x21-\x7e]+")
LARGEST_ID = 2_147_483_647
BETWEEN_LOOKS_S = 1.0
# Dots alone and slashes are rewritten on the way, and half a character has no encoding.
NOT_IN_A_PATH = re.compile(r"\.{1,2}\Z|.*[/\\\ud800-\udfff]", re.DOTALL)
# Of one VPS or user: where it is, where they are listed, and by what name.
ADDRESSES = {"vps": ("/api/vps/sync", "/api/vps/sync", "vps"), "user": ("/api/users", "/api/users/sync", "users")}

Json = dict[str, Any]
# RFC 3339 with an offset, or a datetime that knows its offset.
Time = Union[datetime, str]
# {"action": …, "vps": {…}, "occurred_at": …}; `vps` takes ram_gb or ram_mb, as the functions do.
Operation = Mapping[str, Any]
# An operation of a batch: where it stood, as it is sent, and how many bytes that is.
Row = tuple[int, Json, int]
# What goes in one call: its idempotency key, and the operations.
Part = tuple[Union[str, None], list[Row]]


class PanelError(Exception):
    """`status` is that of HTTP, or 0 where there was no answer or nothing was sent.

    `code` is the panel's stable word, or one of ours. Without an answer: network_error, timeout. Of an answer that is
    not the panel's: invalid_answer, redirected. Of what was not sent: not_configured, invalid, invalid_idempotency_key.
    `kind` says what to do. `passing`: the same again later, under the same key. `setup`: the address, the key or the
    network between is wrong, so every call fails alike until somebody mends it. `refused`: this call is wrong, and
    another one may do well. `errors` maps a field to its sentences; `request_id` is what the panel's log calls the request;
    `retry_after` is in seconds. `last` is, of cursor_from_the_future, the event after which to go on. `operation` is, of
    operation_in_progress, the one that is open. `results` is, of a batch in several calls, those of all operations
    before the call that failed.
    """

    def __init__(
        self,
        message: str,
        code: str,
        status: int = 0,
        errors: dict[str, list[str]] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        last: int | None = None,
        operation: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status
        self.errors = errors or {}
        self.request_id, self.retry_after, self.last = request_id, retry_after, last
        self.operation = operation
        self.results: list[Json] = []

    @property
    def kind(self) -> str:
        if self.code in PASSING_CODES or self.status in PASSING_STATUSES:
            return "passing"
        # A proxy that finds one body too large says so in a page of its own, and takes others.
        return "setup" if self.code in SETUP_CODES and self.status != TOO_LARGE else "refused"

    @property
    def passes(self) -> bool:
        """Whether the same request may yet succeed. Safe for a POST too: its key makes a repeat the same as the first."""
        return self.kind == "passing"


class WebhookError(Exception):
    """A webhook that is not to be believed."""


class OspabPanel:
    """`url` and `api_key` come from OSPAB_PANEL_URL and VPS_SYNC_API_KEY where they are left out.

    `timeout` is the limit of one try in seconds, a minute at least for a batch; `retries` is how many tries may follow
    the first; `backoff` is the longest pause before the second, and doubles with each, up to 10 s.

    `idempotency_key` is yours to give, such as `order-17`, so that it lasts over a restart of your program; without one
    each call gets a key of its own. `occurred_at` is when it happened on your side: an update that arrives after a newer
    one changes nothing. An update without it carries the time of the call, unless you give the key: a key stands for
    one body, which must not change by itself.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        timeout: float = 10.0,
        retries: int = 5,
        backoff: float = 0.5,
    ) -> None:
        self._url, self._api_key = url, api_key
        self.timeout, self.retries, self.backoff = timeout, retries, backoff

    # VPSs

    def create_vps(
        self,
        *,
        user_id: int,
        name: str,
        cpu: int,
        disk: int,
        os: str,
        ram_gb: float | None = None,
        ram_mb: int | None = None,
        occurred_at: Time | None = None,
        idempotency_key: str | None = None,
        **columns: Any,
    ) -> Json:
        """Once for each key, and with an `external_id` once for ever: {"status", "message", "vps"}.

        `columns` are status, hypervisor, ip_address, external_id, placement, suspension.
        """
        vps = {"user_id": user_id, "name": name, "cpu": cpu, "disk": disk, "os": os, "ram_gb": ram_gb, "ram_mb": ram_mb}
        operation = {"action": "create", "vps": vps | columns, "occurred_at": occurred_at}
        return self.sync(operation, idempotency_key=idempotency_key)

    def update_vps(
        self,
        id: int | None = None,
        *,
        occurred_at: Time | None = None,
        idempotency_key: str | None = None,
        **columns: Any,
    ) -> Json:
        """Named by `id` or `external_id`; given both, a VPS without an external_id gets it. `ram_gb` or `ram_mb`.

        The answer has `"applied": False` where a newer update was there before.
        """
        vps = named(id) | columns
        operation = {"action": "update", "vps": vps, "occurred_at": occurred_at}
        return self.sync(operation, idempotency_key=idempotency_key)

    def update_vps_status(self, id: int | None, status: str, *, external_id: str | None = None, **options: Any) -> Json:
        return self.update_vps(id, status=status, **named(None, external_id), **options)

    def delete_vps(
        self, id: int | None = None, *, external_id: str | None = None, idempotency_key: str | None = None
    ) -> Json:
        """Of what is deleted already: succeeds too, with `already_deleted`."""
        operation = {"action": "delete", "vps": named(id, external_id)}
        return self.sync(operation, idempotency_key=idempotency_key)

    def sync(self, operation: Operation, *, idempotency_key: str | None = None) -> Json:
        """One operation as `batch` takes them: for a queue that sends what it has kept.

        Here as in every call the answer has `"replayed": True` where the panel has done it before under the same key.
        """
        return self._call("POST", "/api/vps/sync", as_sent(operation, idempotency_key), idempotency_key)

    def batch(
        self, operations: Iterable[Operation], *, atomic: bool = False, idempotency_key: str | None = None
    ) -> Json:
        """{"status", "results"}, a result to each, in order.

        What is wrong with one is told in its own result, whoever finds it, and holds up no other; an atomic batch raises
        it. More than 10,000 go in several calls; a failure of one of these has the `results` of before.
        """
        self._access()
        checked_key(idempotency_key)
        results: dict[int, Json] = {}
        rows: list[Row] = []
        for index, operation in enumerate(operations):
            try:
                rows.append(row_to_send(index, operation, idempotency_key))
            except PanelError as error:
                if atomic:
                    raise
                results[index] = result_of(index, error)
        parts = in_parts(rows, idempotency_key)
        if atomic and len(parts) > 1:
            raise refused("operations", "An atomic batch must fit into one call.")
        while parts:
            parts = self._send_part(parts[0], atomic, results) + parts[1:]
        ordered = in_order(results)
        return {"status": overall(ordered), "results": ordered}

    def suspend(
        self,
        id: int | None = None,
        *,
        reason: str,
        external_id: str | None = None,
        message: str | None = None,
        pay_url: str | None = None,
        power: str | None = None,
        **options: Any,
    ) -> Json:
        """Suspends it, and says why: unpaid, abuse, staff or other. It ends with any other status.

        The customer reads `message`, up to 500 characters, and has `pay_url`, https alone, as a button. With the power
        `stop` the panel stops the machine, and gives back its power at the end; with `keep` it does not.
        """
        given = {"reason": reason, "message": message, "pay_url": pay_url, "power": power}
        suspension = {name: value for name, value in given.items() if value is not None}
        return self.update_vps(id, status="suspended", suspension=suspension, **named(None, external_id), **options)

    def get_vps(self, id: int | None = None, *, external_id: str | None = None) -> Json:
        """{"vps", "placement", "observed", "suspension", "operation"}: the row, where it is, what is seen of it, and what
        is under way."""
        return self._call("GET", self._address_of("vps", id, external_id))

    def stats(self, id: int | None = None, *, external_id: str | None = None, timeframe: str | None = None) -> Json:
        """{"stats", "history"}: what it uses, and with a timeframe (hour, day, week, month, year) its history.

        `stats` is None where nothing was heard of late. While the history's state is `pending`, ask again in a moment.
        """
        asked = f"?{urlencode({'timeframe': timeframe})}" if timeframe else ""
        return self._call("GET", f"{self._address_of('vps', id, external_id)}/stats{asked}")

    def operations(
        self,
        id: int | None = None,
        *,
        external_id: str | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> Iterator[Json]:
        """What was asked of it, by whomever, newest first, fetched a page at a time."""
        path = f"{self._address_of('vps', id, external_id)}/operations"
        yield from self._pages(path, "operations", before=before, limit=limit)

    def power(
        self,
        id: int | None,
        verb: str,
        *,
        external_id: str | None = None,
        force: bool = False,
        on_behalf_of: int | None = None,
        idempotency_key: str | None = None,
    ) -> Json:
        """{"operation", "vps", "message"}: presses start, stop, restart or reboot. `wait_for` waits for the operation.

        `force`, of stop: at once, whatever the guest is at, and though another operation is open. `on_behalf_of` is the
        owner's number in the panel, where the owner has asked you: the operation is theirs by name.
        """
        said: Json = ({"force": True} if force else {}) | (
            {} if on_behalf_of is None else {"on_behalf_of": on_behalf_of}
        )
        return self._call("POST", f"{self._address_of('vps', id, external_id)}/{verb}", said, idempotency_key)

    def operation(self, id: int) -> Json:
        found: Json = self._call("GET", f"/api/operations/{checked_id(id)}")["operation"]
        return found

    def wait_for(self, operation_id: int, *, timeout: float = 600.0) -> Json:
        """The operation once it has ended, well or not: see its `state`. Raises `timeout` where that takes longer."""
        until = time.monotonic() + timeout
        while True:
            operation = self.operation(operation_id)
            if operation["state"] in ("succeeded", "failed"):
                return operation
            left = until - time.monotonic()
            if left <= 0:
                raise PanelError(f"Operation {operation_id} has not ended within {timeout:g} s.", "timeout")
            time.sleep(min(left, BETWEEN_LOOKS_S))

    def list_vps(
        self,
        *,
        id: int | None = None,
        external_id: str | None = None,
        user_id: int | None = None,
        status: str | Sequence[str] | None = None,
        updated_since: Time | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Iterator[Json]:
        """Every VPS that the panel holds and that is all of this, in the order of their ids, fetched a page at a time."""
        statuses = status if status is None or isinstance(status, str) else ",".join(status)
        since = updated_since and rfc3339(updated_since)
        fits = {"id": id, "external_id": external_id, "user_id": user_id, "status": statuses, "updated_since": since}
        return self._pages("/api/vps/sync", "vps", after=after, limit=limit, **fits)

    def digest(self) -> Json:
        """{"count", "digest"} of every VPS that the panel holds: see digest_of. As quick for a million as for one."""
        answer = self._call("GET", "/api/vps/sync?digest=sum")
        return {"count": answer["count"], "digest": answer["digest"]}

    # Users

    def create_user(
        self, *, external_id: str, username: str, email: str, idempotency_key: str | None = None, **names: str
    ) -> Json:
        """{"status", "message", "user"}; with an `external_id` that is there, the user that is there."""
        user = {"external_id": external_id, "username": username, "email": email} | names
        return self._call("POST", "/api/users/sync", {"action": "create", "user": user}, idempotency_key)

    def update_user(self, id: int | None = None, *, idempotency_key: str | None = None, **columns: Any) -> Json:
        """Named by `id` or `external_id`: username, email, first_name, last_name, is_active."""
        user = named(id) | columns
        return self._call("POST", "/api/users/sync", {"action": "update", "user": user}, idempotency_key)

    def deactivate_user(
        self, id: int | None = None, *, external_id: str | None = None, idempotency_key: str | None = None
    ) -> Json:
        """Ends the user's sessions and tokens at once."""
        user = named(id, external_id)
        return self._call("POST", "/api/users/sync", {"action": "deactivate", "user": user}, idempotency_key)

    def list_users(
        self,
        *,
        id: int | None = None,
        external_id: str | None = None,
        email: str | None = None,
        username: str | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Iterator[Json]:
        """Every user that is all of this, but the staff, in the order of their ids, fetched a page at a time.

        E-mail and username may be in any case of letters.
        """
        fits = {"id": id, "external_id": external_id, "email": email, "username": username}
        return self._pages("/api/users/sync", "users", after=after, limit=limit, **fits)

    def get_user(self, id: int | None = None, *, external_id: str | None = None) -> Json | None:
        """None where there is none; the staff are none."""
        return self._first("user", checked_name(id, external_id))

    def login_link(
        self,
        user_id: int | None = None,
        next: str | None = None,
        *,
        external_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Json:
        """{"url", "expires_at"}: logs this user in, once, within 60 s, and goes to the panel's page `next`."""
        said = {} if next is None else {"next": next}
        return self._call("POST", f"{self._address_of('user', user_id, external_id)}/login-link", said, idempotency_key)

    # Events

    def events(self, after: int = 0, *, types: Sequence[str] | None = None, limit: int | None = None) -> Iterator[Json]:
        """What happened after the event of this id, in order, up to now. Keep the last one's id and ask again with it.

        `cursor_from_the_future`: the panel was restored from an older copy. Compare what both sides hold (`digest`,
        `list_vps`), then go on from the error's `last`.
        """
        return self._pages("/api/events", "events", after=after, limit=limit, type=types and ",".join(types))

    # How it is asked

    def _address_of(self, kind: str, id: int | None, external_id: str | None) -> str:
        """The address of one VPS or user.

        An external_id that a path cannot carry, or that could be taken for a longer address, is looked up first.
        """
        one, _, _ = ADDRESSES[kind]
        name = checked_name(id, external_id)
        if "id" in name:
            return f"{one}/{name['id']}"
        if not NOT_IN_A_PATH.match(name["external_id"]):
            return f"{one}/external/{quote(name['external_id'], safe='')}"
        found = self._first(kind, name)
        if found is None:
            raise PanelError(f"There is no {kind} of this external_id.", f"{kind}_not_found", 404)
        return f"{one}/{found['id']}"

    def _first(self, kind: str, name: Json) -> Json | None:
        _, path, rows = ADDRESSES[kind]
        page = self._call("GET", f"{path}?{urlencode(name | {'limit': 1}, errors='replace')}")
        found: list[Json] = page[rows]
        return found[0] if found else None

    def _pages(self, path: str, rows: str, **asked: Any) -> Iterator[Json]:
        given = urlencode({name: value for name, value in asked.items() if value is not None})
        following: str | None = f"{path}?{given}" if given else path
        while following:
            page = self._call("GET", following)
            yield from page[rows]
            following = page.get("next")

    def _call(
        self, method: str, path: str, said: Json | None = None, key: str | None = None, timeout: float = 0.0
    ) -> Json:
        address, api_key = self._access()
        # The address of a next page comes from an answer, and must not lead the key to another host.
        if not path.startswith("/"):
            raise PanelError("The panel named a page of another host.", "invalid_answer")
        request_id = str(uuid.uuid4())
        headers = {"X-API-Key": api_key, "X-Request-ID": request_id}
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Idempotency-Key": checked_key(key)}
        body = None if said is None else encoded(said)
        tries = 1
        while True:
            try:
                return once(address, method, path, body, headers, max(self.timeout, timeout))
            except PanelError as error:
                error.request_id = error.request_id or request_id
                pause = self._pause_after(error, tries)
                if pause is None:
                    raise
            time.sleep(pause)
            tries += 1

    def _send_part(self, part: Part, atomic: bool, results: dict[int, Json]) -> list[Part]:
        """What is to be sent instead: of what is refused as a whole its halves, until the one that is to blame is alone."""
        key, rows = part
        said = {"operations": [sent for _, sent, _ in rows]} | ({"atomic": True} if atomic else {})
        try:
            answers = self._call("POST", "/api/vps/sync/batch", said, key, BATCH_TIMEOUT_S)["results"]
        except PanelError as error:
            error.results = in_order({index: result for index, result in results.items() if index < rows[0][0]})
            if atomic or not is_of_the_body(error):
                raise
            if len(rows) > 1:
                return halves(part)
            answers = [result_of(0, error)]
        for result in answers:
            index = rows[result["index"]][0]
            results[index] = result | {"index": index}
        return []

    def _access(self) -> tuple[SplitResult, str]:
        """Read at each call: an environment is often filled after the modules have been loaded."""
        url = (os.environ.get("OSPAB_PANEL_URL", "") if self._url is None else self._url).strip()
        api_key = (os.environ.get("VPS_SYNC_API_KEY", "") if self._api_key is None else self._api_key).strip()
        if not is_address(url):
            raise PanelError("OSPAB_PANEL_URL must be an address such as https://panel.example.com.", "not_configured")
        if not VISIBLE.fullmatch(api_key):
            raise PanelError("VPS_SYNC_API_KEY must be the panel's key, with no spaces in it.", "not_configured")
        return urlsplit(url), api_key

    def _pause_after(self, error: PanelError, tries: int) -> float | None:
        """Seconds, or None where another try would be of no use. A random part keeps many clients apart."""
        asked = error.retry_after or 0.0
        if not error.passes or tries > self.retries or asked > LONGEST_RETRY_AFTER_S:
            return None
        longest = min(LONGEST_PAUSE_S, self.backoff * 2 ** (tries - 1))
        return asked + random.uniform(0, longest)  # noqa: S311


# What is sent


def named(id: int | None = None, external_id: str | None = None) -> Json:
    return {name: value for name, value in (("id", id), ("external_id", external_id)) if value is not None}


def checked_name(id: int | None, external_id: str | None) -> Json:
    """Raises what no address could be made of. Given both, the panel's own number."""
    if id is not None:
        return {"id": checked_id(id)}
    if isinstance(external_id, str) and external_id:
        return {"external_id": external_id}
    raise refused("id", "Give the panel's id, or external_id.")


def checked_id(id: int) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", str(id)) or int(id) > LARGEST_ID:
        raise refused("id", f"id must be a whole number from 1 to {LARGEST_ID}.")
    return int(id)


def as_sent(operation: Operation, key: str | None) -> Json:
    """The operation as the wire has it: RAM in MB, times as text."""
    if not isinstance(operation, Mapping) or not isinstance(operation.get("vps"), Mapping):
        raise refused("vps", 'An operation is {"action", "vps"}, vps an object.')
    action, vps = operation.get("action"), dict(operation["vps"])
    ram_gb, ram_mb = vps.pop("ram_gb", None), vps.pop("ram_mb", None)
    if "ram" in vps:
        raise refused("ram", "Give ram_gb or ram_mb, so that the unit is told.")
    ram = in_megabytes(ram_gb, ram_mb)
    sent = {"action": action, "vps": vps | ({} if ram is None else {"ram": ram})}
    occurred_at = operation.get("occurred_at")
    if occurred_at is None and action == "update" and key is None:
        occurred_at = datetime.now(timezone.utc)
    return sent | ({} if occurred_at is None else {"occurred_at": rfc3339(occurred_at)})


def in_megabytes(ram_gb: float | None, ram_mb: int | None) -> int | None:
    if ram_gb is None:
        return ram_mb
    if ram_mb is not None:
        raise refused("ram", "Give ram_gb or ram_mb, not both.")
    if isinstance(ram_gb, bool) or not isinstance(ram_gb, (int, float)) or ram_gb * 1024 % 1:
        raise refused("ram", "ram_gb must be a number.")
    # A plan of 1 GB is common, and one of 1,024 GB is not: it says so by ram_mb.
    if ram_gb >= 1024:
        sentence = f"ram_gb is in GB, and {ram_gb} looks like MB: give ram_gb={ram_gb / 1024:g}, or ram_mb={ram_gb}."
        raise refused("ram", sentence)
    return int(ram_gb * 1024)


def rfc3339(moment: Time) -> str:
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise refused("occurred_at", "A time must say its offset from UTC: datetime.now(timezone.utc).")
    return moment.isoformat()


def checked_key(key: str | None) -> str:
    if key is None:
        return str(uuid.uuid4())
    if VISIBLE.fullmatch(key) and len(key) <= 255:
        return key
    raise PanelError("An idempotency key is 1 to 255 visible ASCII characters.", "invalid_idempotency_key")


def encoded(said: Any) -> bytes:
    try:
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise refused("body", f"The call cannot be written as JSON: {error}.") from error


def row_to_send(index: int, operation: Operation, key: str | None) -> Row:
    sent = as_sent(operation, key)
    return index, sent, len(encoded(sent)) + 1


def in_parts(rows: Iterable[Row], key: str | None) -> list[Part]:
    """None where there is nothing to send. The same operations make the same parts, under the same keys."""
    parts: list[list[Row]] = []
    size = 0
    for row in rows:
        if not parts or len(parts[-1]) == MOST_OPERATIONS or size + row[2] > MOST_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(row)
        size += row[2]
    return [(key, parts[0])] if len(parts) == 1 else under_keys(parts, key)


def halves(part: Part) -> list[Part]:
    key, rows = part
    middle = len(rows) // 2
    return under_keys([rows[:middle], rows[middle:]], key)


def under_keys(parts: list[list[Row]], key: str | None) -> list[Part]:
    return [(key and f"{key}-{at}", part) for at, part in enumerate(parts, 1)]


def result_of(index: int, error: PanelError) -> Json:
    """Of an operation that was refused, as the panel itself tells it."""
    told = {"index": index, "status": "error", "code": error.code, "message": error.message}
    return told | ({"errors": error.errors} if error.errors else {})


def is_of_the_body(error: PanelError) -> bool:
    return error.status == TOO_LARGE or (error.status == 400 and error.code in BODY_CODES)


def in_order(results: Mapping[int, Json]) -> list[Json]:
    return [results[index] for index in sorted(results)]


def overall(results: Sequence[Json]) -> str:
    succeeded = sum(result["status"] == "success" for result in results)
    if succeeded == len(results):
        return "success"
    return "partial" if succeeded else "error"


def is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_bare = "@" not in parts.netloc and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and has_port and is_bare


def refused(field: str, sentence: str) -> PanelError:
    return PanelError(sentence, "invalid", errors={field: [sentence]})


# One try


def once(
    address: SplitResult, method: str, path: str, body: bytes | None, headers: dict[str, str], timeout: float
) -> Json:
    """A connection of its own, so that threads share nothing. Raises PanelError; redirects are not followed."""
    until = time.monotonic() + timeout
    connection = connection_to(address, timeout)
    try:
        connection.request(method, address.path.rstrip("/") + path, body, headers)
        wire = connection.sock
        wire.settimeout(remaining(until))
        response = connection.getresponse()
        chunks = []
        while chunk := response.read1(1 << 16):
            chunks.append(chunk)
            wire.settimeout(remaining(until))
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
    except (TimeoutError, socket.timeout) as error:
        raise PanelError(f"The panel did not answer within {timeout:g} s.", "timeout") from error
    except (OSError, http.client.HTTPException) as error:
        raise PanelError(f"The panel cannot be reached ({type(error).__name__}).", "network_error") from error
    finally:
        connection.close()
    return answer_of(response, b"".join(chunks))


def connection_to(address: SplitResult, timeout: float) -> http.client.HTTPConnection:
    host = address.hostname or ""
    if address.scheme == "http":
        return http.client.HTTPConnection(host, address.port, timeout=timeout)
    return http.client.HTTPSConnection(host, address.port, timeout=timeout, context=ssl.create_default_context())


def remaining(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def answer_of(response: http.client.HTTPResponse, body: bytes) -> Json:
    request_id = response.getheader("X-Request-ID")
    if 300 <= response.status < 400:
        sentence = "The panel's address redirects elsewhere, which is not followed. Is OSPAB_PANEL_URL right?"
        raise PanelError(sentence, "redirected", response.status, request_id=request_id)
    said = parsed(body) or {}
    # Every answer of the panel has a status; JSON without one is another program's.
    if 200 <= response.status < 300 and isinstance(said.get("status"), str):
        is_replayed = response.getheader("Idempotency-Replayed") == "true"
        return said | ({"replayed": True} if is_replayed else {})
    raise PanelError(
        str(said.get("message") or unreadable(response)),
        str(said.get("code") or "invalid_answer"),
        response.status,
        said.get("errors"),
        request_id,
        seconds(response.getheader("Retry-After")),
        said.get("last"),
        said.get("operation"),
    )


def parsed(body: bytes) -> Json | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def unreadable(response: http.client.HTTPResponse) -> str:
    kind = response.getheader("Content-Type") or "no content type"
    return f"The answer (HTTP {response.status}, {kind}) is not the panel's JSON. Is OSPAB_PANEL_URL right?"


def seconds(header: str | None) -> float | None:
    """Of a Retry-After, which is a number of seconds or a date."""
    if header is None or header.isdecimal():
        return None if header is None else float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


# Agreement


def digest_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """What `digest()` says where both sides hold the same.

    A row is what you hold of a VPS, in any order and deleted ones left out: `id` is the panel's, `ram` is in MB,
    `external_id` may be missing. Running and stopped count as the same, `active`: the hypervisor moves a VPS between them.
    """
    total = sum(number_of(row) for row in rows)
    return f"{total % 2**128:032x}"


def number_of(row: Mapping[str, Any]) -> int:
    return int.from_bytes(hashlib.sha256(line_of(row).encode()).digest()[:16], "big")


def line_of(row: Mapping[str, Any]) -> str:
    state = "active" if row["status"] in ("running", "stopped") else row["status"]
    sizes = [row[name] for name in ("cpu", "ram", "disk", "os", "hypervisor")]
    fields = [row["id"], row.get("external_id") or "", row["user_id"], row["name"], state, *sizes]
    return "\t".join(map(str, fields)) + "\n"


# Webhooks


def verify_webhook(
    payload: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance: float = 300.0,
    now: float | None = None,
) -> Json:
    """The event of a webhook whose signature is right and whose time is near: {"type", "timestamp", "data"}.

    Raises WebhookError. `payload` is the body as it came, before any parsing; `now` is in seconds since the epoch, and
    the clock's where it is left out. Give both secrets while one takes over from the other. The same event may come
    twice: its `data["id"]` tells.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id, timestamp, signatures = (given.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not (id and timestamp and signatures):
        raise WebhookError("A webhook header is missing.")
    refuse_far_from(time.time() if now is None else now, timestamp, tolerance)
    body = payload.encode() if isinstance(payload, str) else payload
    keys = [key_of(one) for one in ([secret] if isinstance(secret, str) else secret)]
    signed = f"{id}.{timestamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    if not any(hmac.compare_digest(one.encode(), right) for one in signatures.split(" ") for right in expected):
        raise WebhookError("No signature of the webhook is right.")
    event = parsed(body)
    if event is None:
        raise WebhookError("The webhook's body is not a JSON object.")
    return event


def refuse_far_from(now: float, timestamp: str, tolerance: float) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now - int(timestamp)) > tolerance:
        raise WebhookError("The webhook's time is too far from now.")


def key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret[len("whsec_") :] if secret.startswith("whsec_") else secret, validate=True)
    except binascii.Error:
        key = b""
    # Of an empty secret comes a key that anybody has.
    if len(key) < 16:
        raise WebhookError("A webhook secret is whsec_ and base64.")
    return key
