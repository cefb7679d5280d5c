"""A network that loses answers as a test has it: tests/clients/proxy.py with a plan in place of dice."""

import contextlib
import threading
from collections.abc import Iterable, Iterator

from tests.clients.proxy import Proxy

LOST, NOTHING = "answer lost", "nothing"


class Planned(Proxy):
    plan: Iterator[str]

    def fault(self) -> str:
        with self.pen:
            return next(self.plan, NOTHING)


@contextlib.contextmanager
def losing(port: int, plan: Iterable[str]) -> Iterator[str]:
    """An address of the panel at `port`. What becomes of each request stands in the plan, and nothing does after its end."""
    with Planned(port, 0, 0) as proxy:
        proxy.plan = iter(plan)
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield proxy.url
        proxy.shutdown()
