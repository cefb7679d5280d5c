"""Reads the body of a batch: of each operation, as soon as it is read, a sync command is made. For sync.py and batch.py."""

import pickle
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from vps.api.commands import command_of, warnings_of
from vps.api.sync_shapes import MOST_AT_ONCE
from vps.services import sync
from web import json_pieces
from web.errors import PanelError, invalid
from web.json_body import BYTES_A_VALUE, StrictJSONParser, check_charset
from web.json_body import read as read_bytes
from web.shape import refuse_no_object


class BatchParser(StrictJSONParser):
    """`operations` of what it reads are Operations."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        check_charset(media_type or "")
        largest, headers = parser_context["view"].largest_body, parser_context["request"].headers
        make = partial(Operations, keeps_texts="Idempotency-Key" in headers)
        return json_pieces.loads(read_bytes(stream, largest), largest // BYTES_A_VALUE, "operations", make)


class Read(NamedTuple):
    """Some operations of a batch, from its `first` on: of each its command, or the answer that refuses it.

    `warnings` are by the index in the batch.
    """

    first: int
    each: list[sync.SyncCommand | dict[str, Any]]
    warnings: dict[int, list[str]]

    @property
    def commands(self) -> list[sync.SyncCommand]:
        return [one for one in self.each if isinstance(one, sync.SyncCommand)]


class Operations(json_pieces.Pieces):
    """All of a batch. Packed they take less than they took in the body; as objects, several times that."""

    def __init__(self, *, keeps_texts: bool) -> None:
        super().__init__(keeps_texts=keeps_texts)
        self.needs = sync.Needs()
        self.refused: int | None = None
        self.packed: deque[bytes] = deque()

    def add(self, piece: list[Any]) -> None:
        first = len(self)
        super().add(piece)
        if len(self) > MOST_AT_ONCE:
            return
        each = [self.parts_of(index, operation) for index, operation in enumerate(piece, first)]
        taken = ((index, one) for index, one in enumerate(piece, first) if type(each[index - first]) is tuple)
        warnings = {index: found for index, one in taken if (found := warnings_of(one))}
        self.packed.append(pickle.dumps((first, each, warnings)))

    def parts_of(self, index: int, operation: Any) -> Any:
        """Of the command that it is; or the answer that refuses it."""
        try:
            command = command_of(operation)
        except PanelError as error:
            self.refused = index if self.refused is None else self.refused
            return error.serialize()
        self.needs.add(command)
        return tuple(command)

    def unpacked(self) -> Iterator[Read]:
        """Each part once, in order: it is forgotten here."""
        while self.packed:
            first, each, warnings = pickle.loads(self.packed.popleft())  # noqa: S301  this process has packed it itself
            yield Read(first, [one if isinstance(one, dict) else sync.SyncCommand._make(one) for one in each], warnings)


def read(body: Any) -> tuple[Operations, bool]:
    """Raises InvalidInput."""
    refuse_no_object(body)
    operations, is_atomic = body.get("operations"), body.get("atomic", False)
    if not isinstance(operations, Operations) or len(operations) > MOST_AT_ONCE:
        raise invalid({"operations": f"Must be a list of at most {MOST_AT_ONCE} operations."})
    if not isinstance(is_atomic, bool):
        raise invalid({"atomic": "Must be true or false."})
    return operations, is_atomic
