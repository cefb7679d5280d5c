"""The Celery application. `celery -A ospab_panel worker` and `beat` start it; nobody else needs to import it."""

import os
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, task_postrun, task_prerun, worker_process_init, worker_ready

from web import garbage, request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ospab_panel.settings")

# Objects: a round over ten thousand guests that have not changed holds fewer at once.
GARBAGE_EVERY = 150_000

app = Celery("ospab_panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect  # type: ignore[untyped-decorator]
def look_at_once(**_: Any) -> None:
    """What was seen before a long pause is too old to be shown: the first round is not left to the clock."""
    app.send_task("vps.reconcile_all")


@worker_process_init.connect  # type: ignore[untyped-decorator]
def begin_to_work(**_: Any) -> None:
    garbage.collect_seldom(every=GARBAGE_EVERY)


@before_task_publish.connect  # type: ignore[untyped-decorator]
def send_request_id(headers: dict[str, Any], **_: Any) -> None:
    """A task's log lines bear the id of the request that rang for it, and so do those of the tasks it rings for."""
    headers["request_id"] = request_id.current.get()


@task_prerun.connect  # type: ignore[untyped-decorator]
def adopt_request_id(task: Any, **_: Any) -> None:
    request_id.current.set(task.request.get("request_id") or request_id.NONE)


@task_postrun.connect  # type: ignore[untyped-decorator]
def drop_request_id(**_: Any) -> None:
    request_id.current.set(request_id.NONE)
