"""`python -m simulator`: serve a simulated cluster until SIGTERM or Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from simulator.demo_state import new_world
from simulator.server import Simulator
from simulator.world import World, load


def main() -> int:
    options = arguments()
    world = opened(options.state)
    certificate = (options.cert, options.key) if options.cert and options.key else None
    simulator = Simulator(
        world,
        host=options.host,
        port=options.port,
        tls_port=options.tls_port,
        certificate=certificate,
        log=options.log,
    )
    is_over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: is_over.set())
    simulator.start()
    print(
        f"Simulated Proxmox VE on {simulator.url}" + (f" and https://{simulator.tls}" if certificate else ""),
        flush=True,
    )
    is_over.wait()
    world.save()
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the cluster's file; made where it is not there")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8005, help="plain HTTP")
    parser.add_argument("--tls-port", type=int, default=8006)
    parser.add_argument("--cert", type=Path, help="PEM; without it there is no TLS")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--log", type=Path, help="one JSON line a call")
    return parser.parse_args()


def opened(state: Path) -> World:
    """The secret comes by the environment: a command line is for everybody to read."""
    if state.exists():
        return load(state)
    token = os.environ.get("SIMULATOR_TOKEN")
    if not token:
        sys.exit("SIMULATOR_TOKEN is not set: user@realm!token=secret")
    return new_world(state, token)


if __name__ == "__main__":
    sys.exit(main())
