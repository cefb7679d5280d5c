"""Every test here sees pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import Make
from vps.models import Event, Operation


@pytest.fixture(autouse=True)
def collected(static_files: None) -> None:
    """Before the first page."""


@pytest.fixture
def asked() -> Make:
    """An operation with the event of its beginning, as it is written when somebody asks; what has ended took 42 s."""

    def ask(vps: Any, kind: str = "reboot", by: Any = None, source: str = "page", **columns: Any) -> Operation:
        deadline = timezone.now() + timedelta(minutes=5)
        has_ended = columns.get("state") in Operation.FINAL
        operation = Operation.objects.create(
            vps=vps, kind=kind, requested_by=by, source=source,
            **{"deadline_at": deadline} | ({"finished_at": timezone.now()} if has_ended else {}) | columns,
        )  # fmt: skip
        if has_ended:
            began = operation.finished_at - timedelta(seconds=42)
            Operation.objects.filter(pk=operation.pk).update(created_at=began)
        Event.objects.record("operation.queued", vps, by=by, source=source, operation=operation, kind=kind)
        operation.refresh_from_db()
        return operation

    return ask
