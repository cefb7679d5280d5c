"""The HTTP side: token check, parameters, the answers' form. `python -m simulator` and the tests run it."""

import http.server
import json
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from simulator import bodies, control, routes
from simulator.answers import Answer, Overridden
from simulator.refusals import Refused
from simulator.routes import Total
from simulator.world import Host, World

API = "/api2/json"
# Ten thousand guests at once are some megabytes.
LARGEST_BODY = 16 * 1024 * 1024


class Cut(Exception):
    """There is no answer: the connection is cut."""


class Simulator:
    """Serves `world` on plain HTTP and, with a certificate, on one or more ports of TLS, which are the cluster's hosts.

    Ports of 0 are chosen; see `url`, `tls` and `tls_hosts`.
    """

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_port: int = 0,
        more_tls_ports: tuple[int, ...] = (),
        certificate: tuple[Path, Path] | None = None,
        log: Path | None = None,
    ) -> None:
        self.world = world
        self.servers = [Server((host, port), world, log)]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.servers += [Server((host, port), world, log, context) for port in (tls_port, *more_tls_ports)]
        names = [f"{host}:{server.server_address[1]}" for server in self.servers]
        self.url = f"http://{names[0]}"
        self.tls_hosts = tuple(names[1:])
        self.tls = self.tls_hosts[0] if self.tls_hosts else ""

    def start(self) -> None:
        self.world.is_stopped = False
        for server in self.servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Whoever waits for the end of some trouble is let go; nothing acts any more on a call."""
        self.world.is_stopped = True
        self.world.wake()
        for server in self.servers:
            server.shutdown()
            server.server_close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], world: World, log: Path | None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.world, self.log, self.tls = world, log, tls
        super().__init__(address, Handler)
        self.host = Host()
        if tls:
            world.hosts[int(self.server_address[1])] = self.host

    def answers(self) -> bool:
        """Whether this port serves the call at hand. Of a silent one that is known only when its silence is over."""
        if self.host.silent:
            self.world.pause(None, lambda: not self.host.silent)
            return False
        return not (self.host.refuse or self.world.is_stopped)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return not self.host.refuse

    def finish_request(self, request: Any, client_address: Any) -> None:
        """TLS is shaken in the connection's own thread, so that a silent client holds up nobody."""
        if not self.answers():
            return
        if self.tls:
            request.settimeout(10)
            request = self.tls.wrap_socket(request, server_side=True)
            request.settimeout(None)
            self.world.calls.shaken()
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in two pieces, and the second would wait 40 ms for the first to be acknowledged.
    disable_nagle_algorithm = True
    server: Server

    def version_string(self) -> str:
        return "pve-api-daemon/3.0"

    def log_message(self, format: str, *args: Any) -> None:
        """Only calls are logged, as JSON lines, by `note`."""

    def do_any(self) -> None:
        """Faults ail the API alone: whoever told it to misbehave must be able to end that."""
        url = urlsplit(self.path)
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY))
        try:
            if not self.server.answers():
                raise Cut
            if url.path.startswith("/simulator/"):
                self.check_token(is_denied=False)
                self.answer_control(url.path, body)
            else:
                self.answer_api(unquote(url.path).removeprefix(API), url.query, body)
        except Refused as refused:
            self.refuse(refused)
        except Overridden as overridden:
            self.send_canned(overridden.answer)
        except Cut:
            self.cut()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_any

    def check_token(self, *, is_denied: bool) -> None:
        given = self.headers.get("Authorization", "")
        if not given.startswith("PVEAPIToken="):
            raise Refused(401, "No ticket", form="")
        if is_denied or given != f"PVEAPIToken={self.server.world.token}":
            raise Refused(401, "Authentication failed!", form="")

    def answer_api(self, path: str, query: str, body: bytes) -> None:
        """A call is over before its answer is sent: who makes one after the other never has two under way."""
        world = self.server.world
        with world.calls.counted(routes.key(self.command, path)):
            data = self.data(path, query, body)
        if routes.is_command(self.command, path) and world.counts_down("lose_answers"):
            raise Cut
        self.send_data(data)

    def data(self, path: str, query: str, body: bytes) -> Any:
        faults = self.server.world.faults
        if faults.drop:
            raise Cut
        self.check_token(is_denied=faults.deny)
        sent = self.headers.get("Content-Type", ""), query, body.decode(errors="replace")
        params = bodies.parameters(self.command, *sent)
        if self.command in ("PATCH", "HEAD", "OPTIONS"):
            raise Refused(501, f"method '{self.command}' not available", form="")
        self.note(path, params)
        self.send_canned_answer(path, params)
        return routes.answer(self.server.world, self.command, path, params)

    def send_canned_answer(self, path: str, params: dict[str, Any]) -> None:
        """Raises Overridden where the call has an answer that was put in place of the cluster's."""
        world = self.server.world
        if answer := world.canned_answer(self.command, routes.clean(path), int(self.server.server_address[1])):
            if answer.acts:
                routes.answer(world, self.command, path, params)
            raise Overridden(answer)

    def send_data(self, data: Any) -> None:
        if isinstance(data, routes.Text):
            self.send(200, "OK", data.encode(), "text/plain")
            return
        extra = {"total": data.total} if isinstance(data, Total) and data.total else {}
        self.send_json(200, "OK", {"data": data.data if isinstance(data, Total) else data} | extra)

    def answer_control(self, path: str, body: bytes) -> None:
        try:
            given = json.loads(body) if body else None
            self.send_json(200, "OK", control.control(self.server.world, self.command, path, given))
        except control.Missing as missing:
            self.send_json(404, "Not Found", {"message": str(missing)})
        except (ValueError, TypeError, KeyError) as error:
            self.send_json(400, "Bad Request", {"message": str(error)})

    def cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, refused: Refused) -> None:
        """The message stands in the status line; the connection ends with it, as there."""
        self.close_connection = True
        reason = refused.reason.splitlines()[0].encode("latin-1", "replace").decode("latin-1")
        if refused.form != "json":
            self.send(refused.status, reason, refused.message.encode() if refused.form else b"", "")
            return
        errors = {"errors": refused.errors} if refused.errors else {}
        self.send_json(refused.status, reason, {"data": None, "message": refused.message} | errors)

    def send_canned(self, answer: Answer) -> None:
        content = answer.content()
        if isinstance(content, str):
            self.send(answer.status, answer.reason, content.encode(), answer.content_type)
        else:
            self.send_json(answer.status, answer.reason, content)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The port's own clock."""
        return super().date_time_string(
            time.time() + self.server.host.clock_seconds if timestamp is None else timestamp
        )

    def send_json(self, status: int, reason: str, body: Any) -> None:
        self.send(status, reason, json.dumps(body).encode(), "application/json;charset=UTF-8")

    def send(self, status: int, reason: str, content: bytes, content_type: str) -> None:
        self.send_response(status, reason)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close" if status >= 400 else "Keep-Alive")
        self.end_headers()
        self.wfile.write(content)

    def note(self, path: str, params: dict[str, Any]) -> None:
        if self.server.log:
            line = {"time": time.time(), "method": self.command, "path": path, "params": params, "auth": "token"}
            with self.server.log.open("a") as log:
                log.write(json.dumps(line) + "\n")
