"""Events as staff read them: F12, in words of either language, and nothing as the table has it."""

import re
from typing import Any

import pytest
from django.utils import timezone, translation

import ospab_panel.urls  # noqa: F401  it registers the admins, those of accounts first
from tests.vps.admin.reading import words
from vps.admin.event_words import COLUMNS, SENTENCES, in_words
from vps.models import Event, Operation, Vps

UNPAID = {"reason": "unpaid", "message": "Bill 1042", "pay_url": None, "power": "stop", "since": None}
GUEST = {"cluster": "main", "kind": "qemu", "guest": "107", "vmid": 107}
SAMPLES: list[tuple[str, dict[str, Any], str, str]] = [
    ("vps.created", {"status": "running"}, "Running", "Работает"),
    (
        "vps.created",
        {"status": "suspended", "suspension": UNPAID},
        "suspended: unpaid, “Bill 1042”, it is to be stopped",
        "приостановлен: не оплачен, «Bill 1042», остановить",
    ),
    ("vps.updated", {"changed": ["name", "ram"]}, "name, memory", "имя, память"),
    (
        "vps.updated",
        {"changed": ["status", "suspension"], "suspension": None},
        "state, the suspension has ended",
        "состояние, приостановка кончилась",
    ),
    (
        "vps.updated",
        {"changed": ["suspension"], "suspension": UNPAID | {"reason": None, "message": None, "power": "keep"}},
        "suspended: no reason given",
        "приостановлен: причина не названа",
    ),
    ("vps.deleted", {"name": "shop"}, "shop", "shop"),
    ("vps.bound", GUEST, "main, virtual machine 107", "main, виртуальная машина 107"),
    ("vps.unbound", {"guest": "107", "vmid": 107}, "guest 107", "машина 107"),
    ("vps.unbound", {"vmid": 107}, "guest 107", "машина 107"),
    ("vps.missing", {"guest": "107"}, "guest 107", "машина 107"),
    ("vps.found", {"guest": "107"}, "guest 107", "машина 107"),
    (
        "vps.mistaken",
        {"guest": "107", "expected": "uuid-1", "found": ""},
        "guest 107, expected uuid-1, found a guest without identity",
        "машина 107, ожидалась uuid-1, найдена машина без идентификатора",
    ),
    ("vps.status_changed", {"was": "stopped", "status": "running"}, "Stopped → Running", "Остановлен → Работает"),
    (
        "vps.status_changed",
        {"was": "creating", "status": "error", "code": "creating_timed_out"},
        "Being created → Error, not created in time",
        "Создаётся → Ошибка, не создан вовремя",
    ),
    ("operation.queued", {"kind": "stop", "force": True}, "Power-off", "Выключение сразу"),
    ("operation.queued", {"kind": "reboot"}, "Reboot", "Перезагрузка"),
    ("operation.succeeded", {"kind": "start"}, "Start", "Запуск"),
    (
        "operation.failed",
        {"kind": "stop", "code": "hypervisor_refused"},
        "Stop: the hypervisor refused",
        "Остановка: гипервизор отклонил",
    ),
    ("operation.failed", {"kind": "fold", "code": "unheard_of"}, "fold: unheard_of", "fold: unheard_of"),
]


@pytest.mark.parametrize(("type", "data", "english", "russian"), SAMPLES)
def test_in_words_says_what_the_data_say(type: str, data: dict[str, Any], english: str, russian: str) -> None:
    for language, sentence in (("en", english), ("ru", russian)):
        with translation.override(language):
            assert in_words(Event(type=type, data=data)) == sentence


def test_in_words_has_a_sentence_for_every_type_and_a_word_for_every_column() -> None:
    assert SENTENCES.keys() == set(Event.Type)
    assert {sample[0] for sample in SAMPLES} == set(Event.Type)
    shown = {field.attname for field in Vps._meta.concrete_fields} - {"id", "created_at", "updated_at"}
    assert COLUMNS.keys() == shown


def test_in_words_takes_data_of_before_that_lack_something() -> None:
    with translation.override("en"):
        for type in Event.Type:
            assert isinstance(in_words(Event(type=type, data={})), str)


def test_events_of_an_operation_know_that_it_was_forced(alice: Any, make_vps: Any) -> None:
    now = timezone.now()
    ended = {"state": "failed", "error_code": "vps_busy", "finished_at": now, "deadline_at": now, "source": "page"}
    operation = Operation.objects.create(vps=make_vps(alice), kind="stop", is_forced=True, **ended)
    with translation.override("en"):
        assert in_words(operation.ended("failed", "vps_busy")) == "Power-off: busy with a backup or another task"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_lists_of_the_admin_show_no_event_or_operation_as_the_table_has_it(
    admin: Any, alice: Any, make_vps: Any, main_site: Any, language: str
) -> None:
    vps = make_vps(alice)
    bill = {"reason": "unpaid", "message": "Bill 1042"}
    answer = main_site("update", id=vps.pk, status="suspended", ram=4096, suspension=bill)
    assert answer.status_code == 200, answer.content
    now = timezone.now()
    ended = {"state": "failed", "error_code": "vps_busy", "finished_at": now, "deadline_at": now, "source": "page"}
    operation = Operation.objects.create(vps=vps, kind="stop", **ended)
    Event.objects.record("vps.status_changed", vps, source="system", was="stopped", status="running")
    Event.objects.record_all([operation.ended("failed", "vps_busy")])
    admin.post("/language/setlang/", {"language": language})
    pages = ["/admin/vps/event/", "/admin/vps/operation/", f"/admin/vps/vps/{vps.pk}/change/", "/admin/vps/vps/"]
    read = {path: words(admin.get(path).content.decode()) for path in pages}
    raw = re.compile(r"'reason'|'changed'|was: |status: |kind: |\bvps_busy\b|\bip_address\b|\b\d\.0 (GB|ГБ)")
    assert {path: raw.findall(page) for path, page in read.items() if raw.search(page)} == {}
    reason = {"en": "busy with a backup or another task", "ru": "занят резервной копией или другой задачей"}
    assert all(reason[language] in page for path, page in read.items() if path != "/admin/vps/vps/")
    assert " · 4 · " in read["/admin/vps/vps/"]
    assert {"en": " page ", "ru": " страница "}[language] in read["/admin/vps/operation/"]
