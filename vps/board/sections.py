"""The sections of the staff's first page, in their order, and what one reader is shown of them."""

from dataclasses import dataclass
from typing import Any

from vps.board import attention, clusters, main_site, operations, webhooks
from vps.board.section import Section

SECTIONS: list[Section] = [
    attention.SECTION,
    operations.SECTION,
    clusters.SECTION,
    main_site.SECTION,
    webhooks.SECTION,
]


@dataclass(frozen=True)
class Shown:
    section: Section
    facts: dict[str, Any]


def sections_for(user: Any) -> list[Shown]:
    return [Shown(section, section.facts(user)) for section in SECTIONS if user.has_perms(section.rights)]
