"""The table: to each method and path what is said of it. A door that is missing here fails the making of the schema."""

from ospab_panel.openapi.door import Door
from ospab_panel.openapi.doors import (
    authentication,
    customers,
    description,
    events,
    main_site,
    people,
    people_bodies,
    power,
    sync_bodies,
)
from ospab_panel.openapi.shapes import Schema

FILES = (authentication, main_site, people, customers, power, events, description)
DOORS: dict[str, Door] = {key: door for file in FILES for key, door in file.DOORS.items()}
# What is said of the fields of serializers, by component and name.
ABOUT_FIELDS: dict[str, dict[str, Schema]] = (
    authentication.ABOUT_FIELDS | sync_bodies.ABOUT_FIELDS | people_bodies.ABOUT_FIELDS
)
ABOUT: dict[str, Schema] = sync_bodies.ABOUT | people_bodies.ABOUT
TAGS = [
    {"name": main_site.TAG, "description": "What the main site pushes, by its key."},
    {"name": customers.TAG, "description": "What a customer's program sees and does, by a JWT."},
    {"name": events.TAG, "description": "What happened, for customers' programs and the main site."},
    {"name": authentication.TAG, "description": "How a customer's program comes by a JWT."},
    {"name": description.TAG, "description": "The API about itself."},
]
