"""What /api/vps/sync… answers."""

from ospab_panel.openapi.nouns.vps import COUNT
from ospab_panel.openapi.reusable import ERROR
from ospab_panel.openapi.shapes import Schema, always, many, or_null, ref, success, text, thing, whole, word

INDEX = whole("Its place among the operations, from 0.", 0, 0)
FACTS: dict[str, Schema] = {
    "already_deleted": always(True, "It was deleted before: nothing was done."),
    "applied": always(False, "A newer update was applied before: nothing was done, and `vps` is as it is."),
    "warnings": many(
        text("A sentence.", "Unknown field ignored: vps.colour"),
        "Keys that are not known, and were ignored.",
        minItems=1,
    ),
}
SYNCED = success(tuple(FACTS), message=text("A sentence.", "VPS synced successfully"), vps=ref("SyncedVps"), **FACTS)
DONE = success(tuple(FACTS), index=INDEX, vps=ref("SyncedVps"), **FACTS)
FAILED = thing({"index": INDEX} | ERROR["properties"], "Why this one was not done.", optional=("errors",))
BATCH = thing(
    {
        "status": word(
            "Whether all, some or none succeeded. Of an empty batch all did.", ["success", "partial", "error"]
        ),
        "results": many({"oneOf": [ref("BatchDone"), ref("BatchFailed")]}, "One to each operation, in their order."),
        "warnings": FACTS["warnings"],
    },
    optional=("warnings",),
)
PAGE = success(
    count=COUNT,
    vps=many(ref("SyncedVps"), "In id order."),
    next=or_null(text("The address of the following page, or null.", "/api/vps/sync?after=17&limit=1000")),
)
DIGEST = success(
    count=whole("How many VPSs there are.", 1, 0),
    digest=text(
        "SHA-256, in hex.", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", pattern="^[0-9a-f]{64}$"
    ),
)
COMPONENTS = {
    "Synced": SYNCED,
    "BatchDone": DONE,
    "BatchFailed": FAILED,
    "BatchAnswer": BATCH,
    "SyncedPage": PAGE,
    "SyncedDigest": DIGEST,
}
