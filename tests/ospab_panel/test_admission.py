"""A few requests are computed at a time, and one that waits for something slow keeps nobody waiting."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ospab_panel.server.admission import Admission
from tests.seams import Shorten

LONG_S = 600


class Requests:
    """Each ends when it is told to; `begun` says who was let in, in order."""

    def __init__(self, few: int) -> None:
        self.admission = Admission(few)
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def come(self, *names: str) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.ensure_future(self.computed(name)) for name in names]
        await settled()
        return tasks

    async def computed(self, name: str) -> None:
        self.ends[name] = asyncio.Event()
        async with self.admission.admitted():
            self.begun.append(name)
            await self.ends[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
        await settled()


async def settled() -> None:
    """Whatever can go on has done so."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(story: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(story, 60))


def test_admission_lets_a_few_in_and_the_next_as_one_ends_in_their_order(shorten: Shorten) -> None:
    shorten(admission_s=LONG_S)

    async def story() -> list[list[str]]:
        requests, seen = Requests(2), []
        await requests.come("a", "b", "c", "d", "e")
        seen.append([*requests.begun])
        await requests.end("b")
        seen.append([*requests.begun])
        await requests.end("a", "c")
        return [*seen, requests.begun]

    assert run(story()) == [["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d", "e"]]


def test_admission_counts_nobody_who_has_had_a_moment(shorten: Shorten) -> None:
    """However many wait for something slow, the others go on by a few at a time."""
    shorten(admission_s=0)

    async def story() -> list[str]:
        requests = Requests(2)
        await requests.come("slow1", "slow2", "slow3", "slow4", "quick")
        while "quick" not in requests.begun:
            await asyncio.sleep(0.001)
        shorten(admission_s=LONG_S)
        await requests.end("slow1", "slow2", "slow3", "slow4", "quick")
        await requests.come("f", "g", "h")
        return requests.begun[5:]

    assert run(story()) == ["f", "g"]


def test_admission_is_looked_at_anew_for_who_comes_after_a_quiet_time(shorten: Shorten) -> None:
    shorten(admission_s=0.001)

    async def story() -> list[str]:
        requests = Requests(1)
        for name in ("a", "b", "c"):
            await requests.come(name)
            while name not in requests.begun:
                await asyncio.sleep(0.001)
        return requests.begun

    assert run(story()) == ["a", "b", "c"]


@pytest.mark.parametrize("let_in_first", [False, True])
def test_place_of_a_request_that_is_called_off_goes_to_the_next(shorten: Shorten, let_in_first: bool) -> None:
    shorten(admission_s=LONG_S)

    async def story() -> list[str]:
        requests = Requests(1)
        _, off, _ = await requests.come("a", "off", "c")
        if let_in_first:
            requests.ends["a"].set()
            while len(requests.admission.waiting) == 2:
                await asyncio.sleep(0)
            assert "off" not in requests.begun  # it does not know yet that it is let in
        off.cancel()
        await settled()
        await requests.end("a")
        return requests.begun

    assert run(story()) == ["a", "c"]
