"""Fields that take what the contract says and nothing near it: for the serializers of every JSON endpoint."""

import unicodedata
from collections.abc import Callable
from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from rest_framework import serializers

from web.integers import INT_MAX

# A number with more digits is not said again.
LONGEST_SHOWN = 10**18
# Controls, surrogates, private use and line ends have no look, and formats change the look of the rest.
UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# They join letters and emoji into one.
JOINERS = {"\u200c", "\u200d"}
# What stands for a letter and shows none.
BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"} | JOINERS


class WholeNumber(serializers.Field[int, Any, int, Any]):
    """A JSON integer from `least` to `most`; "4", 4.0, true and 1e3 are not."""

    def __init__(self, least: int = 1, most: int = INT_MAX, hint: str = "", **options: Any) -> None:
        self.least, self.most, self.hint = least, most, hint
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            raise serializers.ValidationError(f"Must be a JSON integer.{self.hint}")
        if not self.least <= data <= self.most:
            came = f", not {data}" if abs(data) < LONGEST_SHOWN else ""
            raise serializers.ValidationError(f"Must be from {self.least} to {self.most}{came}.{self.hint}")
        return data

    def to_representation(self, value: int) -> int:
        return value


class PlainText(serializers.Field[str, Any, str, Any]):
    """Printable text of 1 to `longest` characters; markup in it is text like any other.

    With `has_lines` it may be broken into lines, which end as they do on the web or on Unix, and are kept as on Unix.
    """

    def __init__(self, longest: int, *, may_be_empty: bool = False, has_lines: bool = False, **options: Any) -> None:
        self.longest, self.may_be_empty, self.has_lines = longest, may_be_empty, has_lines
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Must be a text.")
        if data == "" and self.may_be_empty:
            return data
        text = data.replace("\r\n", "\n") if self.has_lines else data
        unseen = JOINERS | {"\n"} if self.has_lines else JOINERS
        if not 1 <= len(text) <= self.longest:
            raise serializers.ValidationError(f"Must be 1 to {self.longest} characters.")
        if any(unicodedata.category(sign) in UNPRINTABLE for sign in text if sign not in unseen):
            raise serializers.ValidationError("Must hold no control, format or private characters.")
        if all(sign.isspace() or sign in BLANK for sign in text):
            raise serializers.ValidationError("Must hold something that can be seen.")
        return text

    def to_representation(self, value: str) -> str:
        return value


class Username(PlainText):
    """As Django's own, in the form of Unicode in which the page of logging in asks for it."""

    def to_internal_value(self, data: Any) -> str:
        name = unicodedata.normalize("NFKC", super().to_internal_value(data))
        if len(name) > self.longest:
            raise serializers.ValidationError(f"Must be 1 to {self.longest} characters.")
        return obeying(UnicodeUsernameValidator(), name, "Must hold letters, digits and @ . + - _ only.")


class EmailAddress(PlainText):
    def to_internal_value(self, data: Any) -> str:
        return obeying(validate_email, super().to_internal_value(data), "Must be an e-mail address.")


def obeying(check: Callable[[str], None], text: str, sentence: str) -> str:
    try:
        check(text)
    except ValidationError as error:
        raise serializers.ValidationError(sentence) from error
    return text


class OneOf(serializers.Field[str, Any, str, Any]):
    """One of these words, in this case of letters."""

    def __init__(self, words: list[str], **options: Any) -> None:
        self.words = words
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.words:
            raise serializers.ValidationError(f"Must be one of: {', '.join(self.words)}.")
        return data

    def to_representation(self, value: str) -> str:
        return value


class TrueOrFalse(serializers.Field[bool, Any, bool, Any]):
    """A JSON boolean; 1, "true" and null are not."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data

    def to_representation(self, value: bool) -> bool:
        return value
