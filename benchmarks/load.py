"""A client in a process of its own: so many connections, each with one request at a time. benchmarks.run starts it.

One thread waits for all of them and makes nothing anew for a request but its number, so that it takes little from those
whom it measures. Reads what to do as JSON, and writes how many answers came.
"""

import json
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from typing import Any

HEAD_ENDS = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
LENGTH = b"\r\ncontent-length: "


class Connection:
    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests, self.pending = requests, b""

    def send(self) -> None:
        self.socket.sendall(next(self.requests))

    def status(self) -> int | None:
        """Of the answer, once all of it is there."""
        got = self.socket.recv(262_144)
        if not got:
            raise SystemExit("A connection was closed.")
        self.pending += got
        head, ends, body = self.pending.partition(HEAD_ENDS)
        if not ends:
            return None
        length = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
        if not (len(body) >= int(length) if length else body.endswith(LAST_CHUNK)):
            return None
        self.pending = b""
        return int(head[9:12])


def run(task: dict[str, Any]) -> dict[str, Any]:
    connections = [Connection(task["port"], requests_of(task, at)) for at in range(task["connections"])]
    by_number = {connection.socket.fileno(): connection for connection in connections}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    began = time.perf_counter()
    until, statuses = began + task["seconds"], Counter[int]()
    for connection in connections:
        connection.send()
    waiting = len(connections)
    while waiting:
        for number, _ in poll.poll():
            if status := by_number[number].status():
                statuses[status] += 1
                if time.perf_counter() < until:
                    by_number[number].send()
                else:
                    waiting -= 1
    return {"seconds": time.perf_counter() - began, "statuses": statuses}


def requests_of(task: dict[str, Any], at: int) -> Iterator[bytes]:
    """What the connection number `at` sends, one after the other, and none of it what another one sends."""
    own = task["of"][at :: task["connections"]]
    if task["what"] == "list":
        return cycle([get(token) for token in own])
    if task["what"] == "create":
        return (post(task, creation(task, user, f"{task['prefix']}-{at}-{n}")) for n, user in enumerate(cycle(own)))
    return (post(task, update(id, word)) for word in cycle(("stopped", "running")) for id in own)


def creation(task: dict[str, Any], user: int, name: str) -> str:
    return json.dumps({"action": "create", "vps": task["order"] | {"user_id": user, "external_id": name}})


def update(id: int, status: str) -> str:
    return json.dumps({"action": "update", "vps": {"id": id, "status": status}})


def get(token: str) -> bytes:
    return f"GET /api/vps HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(task: dict[str, Any], body: str) -> bytes:
    head = f"POST /api/vps/sync HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {task['key']}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
