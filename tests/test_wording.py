"""How sentences are worded, as far as a machine can tell: the rules of both languages, over the catalogue and the code."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.auth import forms, password_validation
from django.utils import translation

from web.django_sentences import SENTENCES, sentences_of

ROOT = Path(settings.BASE_DIR)
OURS = ("accounts", "ospab_panel", "vps", "web", "templates", "static")
# Not the one of user@realm!token.
EXCLAMATION = re.compile(r"!(?!\w)")

ENGLISH = {
    "please": re.compile(r"\bplease\b", re.IGNORECASE),
    "“Cannot” is shorter": re.compile(r"\bunable to\b", re.IGNORECASE),
    "no exclamation marks": EXCLAMATION,
}
RUSSIAN = {
    "«пожалуйста»": re.compile("пожалуйста", re.IGNORECASE),
    "«вы» in lower case": re.compile(r"[^.!?:»\s]\s+(Вы|Вас|Вам|Вами|Ваш\w*)\b"),
    "no exclamation marks": EXCLAMATION,
    "«ёлочки»": re.compile('["“”]'),
    "ё": re.compile(
        r"\b(еще|идет|учетн\w*|введен|удален|изменен|подключен|включен|отключен|счет|отчет|нее)\b", re.IGNORECASE
    ),
    "a space before %": re.compile(r"[\d)]%%"),
    "ID, not «номер»": re.compile(r"номер (клиента|сервера|VPS)\b", re.IGNORECASE),
    "one word for a server": re.compile(r"\b(инстанс\w*|виртуалк\w*)\b", re.IGNORECASE),
}


def messages() -> list[Message]:
    with (ROOT / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        return [message for message in read_po(file, locale="ru") if message.id]


def of_django() -> set[str]:
    with translation.override("en"):
        return {*SENTENCES, *sentences_of(1), *sentences_of(2)}


def forms_of(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def breaches(texts: Iterable[str], rules: dict[str, re.Pattern[str]]) -> list[str]:
    return [f"{rule}: {text}" for text in texts for rule, pattern in rules.items() if pattern.search(text)]


def test_english_sentences_keep_the_rules() -> None:
    ours = {text for message in messages() for text in forms_of(message.id)} - of_django()
    assert breaches(sorted(ours), ENGLISH) == []


def test_russian_sentences_keep_the_rules() -> None:
    """F11."""
    assert breaches((text for message in messages() for text in forms_of(message.string)), RUSSIAN) == []


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Попробуйте, пожалуйста, ещё раз.", RUSSIAN),
        ("Если Вы забыли пароль", RUSSIAN),
        ("Здравствуйте!", RUSSIAN),
        ('Кнопка "Пуск"', RUSSIAN),
        ("Сервер удален.", RUSSIAN),
        ("занято 5%%", RUSSIAN),
        ("Номер клиента", RUSSIAN),
        ("Please try again.", ENGLISH),
        ("Unable to start.", ENGLISH),
    ],
)
def test_rules_find_what_they_forbid(text: str, rules: dict[str, re.Pattern[str]]) -> None:
    assert len(breaches([text], rules)) == 1


def test_code_says_please_to_nobody() -> None:
    files = [
        path
        for folder in OURS
        for path in sorted((ROOT / folder).rglob("*.*"))
        if path.suffix in (".py", ".html", ".js")
    ]
    assert len(files) > 300
    found = [path.name for path in files if ENGLISH["please"].search(path.read_text())]
    assert found == ["django_sentences.py"]


def test_sentences_of_django_are_in_the_catalogue_and_still_in_django() -> None:
    assert of_django() - {text for message in messages() for text in forms_of(message.id)} == set()
    source = Path(password_validation.__file__).read_text() + Path(forms.__file__).read_text()
    known = [re.sub(r"\s+", " ", text) for text in of_django() if "below" not in text]
    assert [text for text in known if text.removesuffix(".") not in re.sub(r'"\s+"', "", source)] == []


def test_password_validators_speak_our_russian() -> None:
    with translation.override("ru"):
        texts = password_validation.password_validators_help_texts()
    assert texts[1] == "В пароле должно быть не меньше 8 знаков."
    assert breaches(texts, RUSSIAN) == []
