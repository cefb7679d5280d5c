"""/api/vps and /api/operations: what a customer's program sees and does."""

from ospab_panel.openapi.door import Answer, Door, query
from ospab_panel.openapi.nouns.measured import EXAMPLE as USAGE
from ospab_panel.openapi.nouns.measured import STATS
from ospab_panel.openapi.nouns.operation import EXAMPLE as OPERATION
from ospab_panel.openapi.nouns.vps import COUNT, ID_MAX, VPS_ID
from ospab_panel.openapi.nouns.vps import EXAMPLE as VPS
from ospab_panel.openapi.nouns.vps import OBSERVED_EXAMPLE as OBSERVED
from ospab_panel.openapi.shapes import Schema, by_id, many, or_null, ref, success, text, whole, word
from vps.api.customer import DEFAULT_PAGE, LARGEST_PAGE
from vps.errors import OperationNotFound, VpsNotFound
from vps.services import metrics
from web.errors import InvalidInput

TAG = "Customers"
NEXT = or_null(text("The address of the following page, or null.", "/api/vps?after=17&limit=100"))
LIMIT = query("limit", whole("How many at most.", 100, 1, LARGEST_PAGE), DEFAULT_PAGE)
AFTER = query("after", whole("The last id that was seen.", 0, 0, ID_MAX), 0)
BEFORE = query("before", whole("The last id that was seen.", 100, 0, ID_MAX))
TIMEFRAME = query("timeframe", word("Adds a history that goes back so far.", metrics.TIMEFRAMES))
HISTORY = {"timeframe": "hour", "state": "pending", "points": []}


SEEN = {str(VPS_ID): OBSERVED}


def page(name: str, about: str) -> Schema:
    return many(ref(name), about)


DOORS = {
    "GET /api/vps": Door(
        id="listVps",
        tag=TAG,
        summary="Your servers, in id order",
        query=(LIMIT, AFTER),
        answers={
            200: Answer(
                "One page of them.",
                success(
                    count=COUNT,
                    vps=page("Vps", "In id order."),
                    observed=by_id(ref("Observed"), "What is seen of each, by its id."),
                    next=NEXT,
                ),
                {"all": {"status": "success", "count": 1, "vps": [VPS], "observed": SEEN, "next": None}},
            )
        },
        refusals=(InvalidInput,),
    ),
    "GET /api/vps/{id}": Door(
        id="getVps",
        tag=TAG,
        summary="One of your servers",
        answers={
            200: Answer(
                "It.",
                success(vps=ref("Vps"), observed=ref("Observed")),
                {"one": {"status": "success", "vps": VPS, "observed": OBSERVED}},
            )
        },
        refusals=(VpsNotFound,),
    ),
    "GET /api/vps/{id}/stats": Door(
        id="getVpsStats",
        tag=TAG,
        summary="What it uses of CPU, RAM, disk and network",
        query=(TIMEFRAME,),
        answers={
            200: Answer(
                "As last heard; `stats` is null where nothing was heard of late.",
                success(("history",), vps_id=whole("The VPS.", VPS_ID, 1), stats=STATS, history=ref("History")),
                {
                    "now": {"status": "success", "vps_id": VPS_ID, "stats": USAGE},
                    "with a history": {"status": "success", "vps_id": VPS_ID, "stats": USAGE, "history": HISTORY},
                },
            )
        },
        refusals=(InvalidInput, VpsNotFound),
    ),
    "GET /api/vps/{id}/operations": Door(
        id="listOperations",
        tag=TAG,
        summary="What was asked of it, newest first",
        query=(LIMIT, BEFORE),
        answers={
            200: Answer(
                "One page of them.",
                success(operations=page("Operation", "Newest first."), next=NEXT),
                {"all": {"status": "success", "operations": [OPERATION], "next": None}},
            )
        },
        refusals=(InvalidInput, VpsNotFound),
    ),
    "GET /api/operations/{id}": Door(
        id="getOperation",
        tag=TAG,
        summary="How an operation goes, or went",
        answers={
            200: Answer(
                "It.", success(operation=ref("Operation")), {"one": {"status": "success", "operation": OPERATION}}
            )
        },
        refusals=(OperationNotFound,),
    ),
}
