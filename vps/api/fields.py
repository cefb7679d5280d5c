"""Fields of machines and networks, beside the plain ones of web.fields: for the serializers of the endpoints here."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from django.core.validators import URLValidator
from rest_framework import serializers

from web.fields import PlainText, obeying
from web.openapi.bodies import SHAPES

NODE = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")


class NodeName(PlainText):
    """A host's name, as it stands in the paths of a hypervisor's API."""

    def __init__(self, **options: Any) -> None:
        super().__init__(63, **options)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if not NODE.fullmatch(name):
            raise serializers.ValidationError("Must be a node's name, such as pve1.")
        return name


class Address(serializers.Field[str, Any, str, Any]):
    """An IPv4 or IPv6 address, kept in its shortest form."""

    def to_internal_value(self, data: Any) -> str:
        try:
            address = ipaddress.ip_address(data if isinstance(data, str) else "")
        except ValueError as error:
            raise serializers.ValidationError("Must be an IPv4 or IPv6 address, or null.") from error
        if getattr(address, "scope_id", None):
            raise serializers.ValidationError("Must be an address without a zone.")
        return str(address)

    def to_representation(self, value: str) -> str:
        return value


class Link(PlainText):
    """An address that a customer is sent to."""

    def to_internal_value(self, data: Any) -> str:
        sentence = "Must be an address that begins with https:// and names no user."
        address = obeying(URLValidator(["https"]), super().to_internal_value(data), sentence)
        if not address.startswith("https://") or "@" in urlsplit(address).netloc:
            raise serializers.ValidationError(sentence)
        return address


SHAPES[NodeName] = lambda field: {"type": "string", "pattern": f"^{NODE.pattern}$"}
SHAPES[Address] = lambda field: {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
SHAPES[Link] = lambda field: SHAPES[PlainText](field) | {"format": "uri", "pattern": "^https://"}
