"""`python -m ospab_panel.server`: uvicorn with several processes, of an application that is loaded once. The launcher runs it.

uvicorn's own `--workers` starts an interpreter for each, which loads all of it again. Here its parent has loaded it and
forks: a process is there in no time, at the start and where one has died, and what is loaded is in memory once. So SIGHUP,
which has them started anew, brings no new code.
"""

import argparse
import gc
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.context import ForkProcess
from socket import socket
from typing import Any

from uvicorn import Config
from uvicorn.supervisors import multiprocess

APPLICATION = "ospab_panel.asgi:application"
# All that the application is made of but for ospab_panel.asgi itself, which reads what static files there are.
BEFOREHAND = ["wsgi", "urls", "sockets", "http_protocol"]
BEFOREHAND += [f"server.{name}" for name in ("lifespan", "socket_protocol", "static_files", "wsgi_bridge")]


def main() -> None:
    """With --once-prepared it serves after a line on the standard input, which says that `manage.py prepare` has ended."""
    parser = argparse.ArgumentParser(prog="ospab_panel.server", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--once-prepared", action="store_true")
    given = parser.parse_args()
    config = configured(given.port, given.processes)
    load()
    if given.once_prepared and not sys.stdin.readline():
        sys.exit("Nobody said that the panel is prepared.")
    serve(config)


def configured(port: int, processes: int) -> Config:
    """It sets up uvicorn's log, so it comes before Django, which sets up its own."""
    return Config(
        APPLICATION,
        port=port,
        workers=processes,
        http="ospab_panel.http_protocol:JsonHttpProtocol",
        lifespan="on",
        ws_max_size=131_072,
        proxy_headers=False,
        timeout_graceful_shutdown=4,
        log_level="warning",
    )


def load() -> None:
    """Neither the database nor a static file is looked at: they may not be there yet. No thread begins: we fork."""
    for name in BEFOREHAND:
        import_module(f"ospab_panel.{name}")


def serve(config: Config) -> None:
    config.load()
    gc.freeze()  # Else each child would look through it, and so write to it and have it for itself.
    multiprocess.get_subprocess = forked  # type: ignore[attr-defined, assignment]
    multiprocess.Multiprocess(config, [config.bind_socket()]).run()


def forked(config: Config, target: Callable[..., None], sockets: list[socket]) -> "Forked":
    """In the place of uvicorn's function of these arguments, which starts an interpreter."""
    return Forked(target=target, args=(sockets,))


class Forked(ForkProcess):
    """The parent's handlers of signals are not for its child. One that comes in between waits until it has none."""

    def start(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, multiprocess.SIGNALS)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, multiprocess.SIGNALS)

    def run(self) -> Any:
        for number in multiprocess.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, multiprocess.SIGNALS)
        super().run()


if __name__ == "__main__":
    main()
