"""What the panel holds, for GET /api/vps/sync: a page at a time, or one digest of it all. sync.py calls it."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from vps.api import sync_shapes as shapes
from vps.api.sync_shapes import MOST_AT_ONCE
from vps.db.digest import digest
from vps.db.digest_sum import digest_sum
from vps.models import ExternalId, Vps
from web.errors import InvalidInput, invalid
from web.filters import Filter, given, narrowed, parameters, row_number
from web.openapi.endpoint import Answer, page, query
from web.openapi.shapes import moment as time_of
from web.openapi.shapes import one_of, row_id
from web.openapi.shapes import text as text_of
from web.query import choices, page_after, text
from web.shape import moment

DEFAULT_PAGE = 1000
FILTERS = {
    "updated_since": Filter(
        time_of("Those alone that have changed since then."),
        lambda request: Q(updated_at__gte=moment("updated_since", request.query_params["updated_since"])),
    ),
    "id": Filter(row_id("The one of this id.", 17), lambda request: Q(pk=row_number(request, "id"))),
    "external_id": Filter(
        text_of("The one of this id of the main site's own.", "order-1042", minLength=1, maxLength=191),
        lambda request: Q(pk__in=ExternalId.objects.meaning(text(request, "external_id", 191))),
    ),
    "user_id": Filter(row_id("This owner's alone.", 5), lambda request: Q(user_id=row_number(request, "user_id"))),
    "status": Filter(
        text_of("Those of these statuses alone, with commas between them.", "running,stopped"),
        lambda request: Q(status__in=choices(request, "status", Vps.Status.values)),
    ),
}
DIGESTS = {"sum": digest_sum, "1": digest}
ABOUT_DIGEST = "No rows, but one digest of them all: `sum` at once, `1` by reading them all."
DIGEST = query("digest", one_of(ABOUT_DIGEST, list(DIGESTS)))
PARAMETERS = [*page("after", DEFAULT_PAGE, MOST_AT_ONCE, default=0)]
PARAMETERS += [*parameters(FILTERS), DIGEST]
EXAMPLES: dict[str, dict[str, Any]] = {
    "a page": {"vps": [shapes.VPS]},
    "a digest": {"of": shapes.DIGEST_SUM},
    "a hash": {"of": shapes.DIGEST},
}
ANSWERS = Answer(shapes.PAGE_OR_DIGEST, EXAMPLES)
ABOUT = (
    "Read what the panel holds, or a digest of it.\n\nA filter that nothing fits gives an empty list. "
    "`digest` stands alone. It is of a line a VPS: `id`, "
    "`external_id` (empty where it has none), `user_id`, `name`, state, `cpu`, `ram`, `disk`, `os` and `hypervisor`, joined "
    "by tabs, in UTF-8, each ended by a line feed. The state is `active` for `running` and `stopped`, else the status. "
    "`digest=sum` adds the first 16 bytes of each line's SHA-256, as numbers, and gives the lower 128 bits of the sum: in "
    "whatever order, and as quickly of a million as of one. "
    "`digest=1` is the SHA-256 of all lines by id, and the panel reads every VPS for it."
)
DESCRIPTION = {"parameters": PARAMETERS, "description": ABOUT, "methods": ["GET"]}
GIVEN = (ANSWERS, InvalidInput)


def what_is_held(request: Request) -> Response:
    """Raises InvalidInput."""
    return digest_of_all(request) if "digest" in request.query_params else page_of_vpses(request)


def digest_of_all(request: Request) -> Response:
    """With nothing beside it: whoever asked for a part of the rows would take this for the part's."""
    computed = DIGESTS.get(request.query_params["digest"])
    if computed is None:
        raise invalid({"digest": "Must be sum or 1."})
    if others := [name for name in request.query_params if name != "digest"]:
        raise invalid(dict.fromkeys(others, "Must not stand beside digest, which is of all rows."))
    count, found = computed()
    return Response({"status": "success", "count": count, "digest": found})


def page_of_vpses(request: Request) -> Response:
    """In id order. `next` is the address of the following page, or null."""
    page = page_after(request, default=DEFAULT_PAGE, most=MOST_AT_ONCE)
    found = narrowed(Vps.objects.filter(pk__gt=page.key), request, FILTERS).with_external_id().order_by("pk")
    rows, following = page.cut(found[: page.reads], **given(request, FILTERS))
    return Response({"status": "success", "count": len(rows), "vps": [vps.row() for vps in rows], "next": following})
