"""The third part of the checklist, what is tried before the main site goes live: each point is a test of ours."""

import re

from launcher.children import ROOT
from tests.docs.blocks import text_of

DOCUMENTS = "tests/stack/test_documents.py::test_documents_have_blocks_that_run_and_print_what_stands_below_them"
NIGHT = "tests/stack/test_nightly_comparison.py::test_nightly_comparison_converges_after_the_panel_was_restored_from_yesterday"
HERE = "tests/stack/test_checklist.py::test_"
DELIVERY = "tests/vps/services/webhooks/test_delivery.py::test_webhook_"
POINTS = {
    "Заказ на сайте появляется в панели": HERE + "site_shows_an_order_to_its_customer_and_to_nobody_else",
    "8 ГБ на сайте": HERE + "site_shows_an_order_to_its_customer_and_to_nobody_else",
    "Имя по-русски": HERE + "site_shows_an_order_to_its_customer_and_to_nobody_else",
    "`running`, `suspended`, снова `running`": HERE + "site_moves_an_order_through_its_life_on_the_page",
    "У `suspended` на странице": HERE + "site_moves_an_order_through_its_life_on_the_page",
    "Клиент включает, выключает": (
        "tests/stack/test_webhooks.py::test_webhook_delivery_brings_a_reboot_in_order_to_an_endpoint_added_in_the_admin"
    ),
    "Удалённый сервер пропадает": HERE + "site_moves_an_order_through_its_life_on_the_page",
    "Другой клиент этого сервера не видит": HERE + "site_shows_an_order_to_its_customer_and_to_nobody_else",
    "Кнопка «Управлять»": HERE + "site_lets_a_customer_in_once_and_out_for_good",
    "Отключённый клиент выходит": HERE + "site_lets_a_customer_in_once_and_out_for_good",
    "Панель остановлена": HERE + "site_sells_while_the_panel_is_away",
    "Соединение оборвано": HERE + "site_sends_again_what_it_has_no_answer_to",
    "Сайт убит": HERE + "site_that_is_killed_sends_what_it_has_sold",
    "Два задания отправлены в обратном порядке": HERE + "site_may_tell_the_newer_first",
    "Неверный ключ": HERE + "site_waits_with_a_wrong_key",
    "Неверные данные": HERE + "site_sets_wrong_data_aside_and_mends_it",
    "Сайт остановлен на 10 минут": DELIVERY + "delivery_is_tried_by_the_schedule_and_after_the_last_try_the_next_goes",
    "Получатель отключён": DELIVERY + "endpoint_is_disabled_by_a_410_and_its_deliveries_wait_until_it_is_enabled",
    "Вебхук с испорченной подписью": DOCUMENTS,
    "Один вебхук, отправленный дважды": DOCUMENTS,
    "Сервер изменён в панели мимо сайта": DOCUMENTS,
    "Панель восстановлена": NIGHT,
    "Первый импорт прошёл": DOCUMENTS,
    "Повторный импорт": DOCUMENTS,
    "После импорта отпечатки совпали": NIGHT,
}


def points() -> list[str]:
    part = text_of("INTEGRATION_CHECKLIST.md").partition("\n## 3. Проверка\n")[2].partition("\n## ")[0]
    return re.findall(r"^- \[ \] (.+)$", part, re.MULTILINE)


def test_checklist_has_a_test_of_each_point_that_is_tried_before_the_start() -> None:
    found = [[start for start in POINTS if point.startswith(start)] for point in points()]
    assert [len(starts) for starts in found] == [1] * len(points()), found
    assert [start for starts in found for start in starts] == list(POINTS)


def test_checklist_names_tests_that_are_there() -> None:
    named = [test.split("::") for test in POINTS.values()]
    assert [test for path, test in named if f"def {test}(" not in (ROOT / path).read_text()] == []
