"""What drf-spectacular does not know by itself: our fields. It finds these classes once they are imported."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from ospab_panel.openapi.shapes import Schema
from vps.api import fields
from web import fields as plain


class WholeNumber(OpenApiSerializerFieldExtension):
    target_class = plain.WholeNumber

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "integer", "minimum": self.target.least, "maximum": self.target.most}


class PlainText(OpenApiSerializerFieldExtension):
    target_class = plain.PlainText
    match_subclasses = True
    priority = -1

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        limits = {"maxLength": self.target.longest} if self.target.may_be_empty else lengths(self.target)
        return {"type": "string"} | limits


class EmailAddress(OpenApiSerializerFieldExtension):
    target_class = plain.EmailAddress

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "format": "email"} | lengths(self.target)


class NodeName(OpenApiSerializerFieldExtension):
    target_class = fields.NodeName

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "pattern": f"^{fields.NODE.pattern}$"}


class OneOf(OpenApiSerializerFieldExtension):
    target_class = plain.OneOf

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        words = list(self.target.words)
        return {"type": "string", "enum": words} if words[1:] else {"type": "string", "const": words[0]}


class TrueOrFalse(OpenApiSerializerFieldExtension):
    target_class = plain.TrueOrFalse

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "boolean"}


class Address(OpenApiSerializerFieldExtension):
    target_class = fields.Address

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Schema:
        return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def lengths(field: plain.PlainText) -> Schema:
    return {"minLength": 1, "maxLength": field.longest}
