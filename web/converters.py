"""The `id` of every URL: PostgreSQL's positive integers, written one way. Anything else is not found."""

from django.urls import register_converter

LARGEST = 2_147_483_647


class IdConverter:
    regex = "[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        if (number := int(value)) > LARGEST:
            raise ValueError(value)
        return number

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(IdConverter, "id")
