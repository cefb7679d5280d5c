"""Makes the schema: every door of the URL conf, each with its row of the table. drf-spectacular calls it, by its settings."""

from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

import ospab_panel.openapi.extensions  # noqa: F401  registers them
from ospab_panel.openapi.callers import SCHEMES
from ospab_panel.openapi.doors import ABOUT, ABOUT_FIELDS, DOORS, TAGS
from ospab_panel.openapi.introduction import TEXT
from ospab_panel.openapi.nouns import COMPONENTS
from ospab_panel.openapi.operation import DoorSchema
from ospab_panel.openapi.reusable import FAILURE, HEADERS, PARAMETERS
from ospab_panel.openapi.shapes import Schema
from ospab_panel.openapi.webhooks import webhooks

Endpoint = tuple[str, str, str, Any]


def as_documented(endpoints: list[Endpoint]) -> list[Endpoint]:
    """In the order of the table. The path that takes a slash at its end too is told without.

    Raises KeyError for a door that no row describes.
    """
    order = {door: place for place, door in enumerate(DOORS)}
    found = [(path.rstrip("/"), regex, method, door) for path, regex, method, door in endpoints]
    return sorted(found, key=lambda one: order[f"{one[2]} {one[0]}"])


class PanelGenerator(SchemaGenerator):
    def _get_paths_and_endpoints(self) -> list[Endpoint]:
        """Each door with its row: `as_documented` has refused those that have none."""
        found: list[Endpoint] = super()._get_paths_and_endpoints()  # type: ignore[no-untyped-call]
        for path, _, method, view in found:
            self._set_schema_to_view(view, DoorSchema(DOORS[f"{method} {path}"]))  # type: ignore[no-untyped-call]
        return found

    def get_schema(self, request: Any = None, public: bool = False) -> Schema:
        """In English, whoever asks."""
        with translation.override("en"):
            called = webhooks()
            schema: Schema = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        components = schema["components"]
        for name, fields in ABOUT_FIELDS.items():
            describe(components["schemas"][name]["properties"], fields)
        for name, words in ABOUT.items():
            components["schemas"][name] |= words
        components["schemas"] = dict(sorted((components["schemas"] | COMPONENTS).items()))
        components |= {
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "responses": {"Failure": FAILURE},
            "securitySchemes": SCHEMES,
        }
        return schema | {"info": schema["info"] | {"description": TEXT}, "tags": TAGS, "webhooks": called}


def describe(properties: Schema, fields: Schema) -> None:
    """Raises KeyError for a field of a serializer that nobody says a word about."""
    for name in properties:
        properties[name] |= fields[name]
