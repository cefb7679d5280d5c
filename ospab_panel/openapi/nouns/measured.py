"""What a VPS uses, now and over time."""

from ospab_panel.openapi.shapes import Schema, many, moment, number, or_null, ref, thing, whole, word

RATES = ("disk_read", "disk_written", "net_in", "net_out")
CPU = number("Share of its cores, from 0 to 1.", 0.25, 0)


def used(total: int, now: int) -> dict[str, Schema]:
    return {"used": or_null(whole("In use, bytes.", now, 0)), "total": or_null(whole("Of so many bytes.", total, 0))}


def rate(name: str) -> Schema:
    return or_null(
        whole(f"{name.replace('_', ' ').capitalize()}, bytes a second; null until it was heard twice.", 1200, 0)
    )


USAGE = thing(
    {
        "cpu": or_null(CPU),
        "ram": thing(used(8_589_934_592, 2_147_483_648), "Memory."),
        "disk": thing(used(107_374_182_400, 0), "Disk. Of a virtual machine nobody sees how full it is."),
        "rates": thing({name: rate(name) for name in RATES}, "What goes through it."),
        "uptime_s": or_null(whole("Seconds since its start.", 86_400, 0)),
        "observed_at": moment("When this was heard."),
    },
    "What a VPS uses, as last heard, some seconds ago. A figure that the hypervisor has not said is null.",
)
POINT = thing(
    {
        "time": whole("Seconds since 1970, UTC.", 1_761_561_000),
        "cpu": or_null(CPU),
        "ram_used": or_null(number("Bytes.", 2_147_483_648, 0)),
        "ram_total": or_null(number("Bytes.", 8_589_934_592, 0)),
        **{name: or_null(number("Bytes a second.", 1200, 0)) for name in RATES},
    },
    "One point in time. What was not measured is null.",
)
HISTORY = thing(
    {
        "timeframe": word("How far back.", ["hour", "day", "week", "month", "year"]),
        "state": word("`pending`: it is being fetched, ask again in a second.", ["ready", "pending", "unavailable"]),
        "points": many(POINT, "Oldest first; empty unless ready."),
        "fetched_at": moment("When it was fetched; there when ready."),
    },
    "What a VPS has used over time.",
    optional=("fetched_at",),
)
STATS = or_null(ref("Usage"))
EXAMPLE = {
    "cpu": 0.25,
    "ram": {"used": 2_147_483_648, "total": 8_589_934_592},
    "disk": {"used": None, "total": 107_374_182_400},
    "rates": {"disk_read": 0, "disk_written": 4096, "net_in": 1200, "net_out": 800},
    "uptime_s": 86_400,
    "observed_at": "2025-10-27T10:30:00Z",
}
