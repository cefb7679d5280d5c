"""A customer's servers: who asks and what they own in one statement, which gives a row without a server where that is none."""

from datetime import datetime
from typing import Any

from benchmarks.bare.callers import Bearer, bad_token

MOST = 1000
COLUMNS = (
    *("id", "name", "status", "ip_address", "cpu", "ram", "disk", "os", "user_id", "hypervisor"),
    *("created_at", "updated_at"),
)
LIST = f"""
    SELECT {", ".join(f"vps.{column}" for column in COLUMNS)}, placements.power, placements.power_since,
        coalesce(missing_since, placements.doubted_since, CASE
            WHEN placements.power = 'unknown' THEN power_since
            WHEN clusters.seen_at > now() - interval '45 seconds' THEN NULL
            ELSE coalesce(clusters.seen_at, power_since)
        END) AS unknown_since,
        CASE
            WHEN placements.id IS NULL AND vps.hypervisor <> 'proxmox' THEN 'hypervisor_unsupported'
            WHEN placements.id IS NULL THEN 'vps_unbound'
            WHEN stranger <> '' THEN 'identity_mismatch'
            WHEN missing_since IS NOT NULL THEN 'vps_missing'
            ELSE 'hypervisor_unavailable'
        END AS why_unknown,
        reason, message, pay_url, since
    FROM users
    JOIN token_families ON token_families.id = %s AND token_families.user_id = users.id AND ended_at IS NULL
    LEFT JOIN vps ON vps.user_id = users.id
    LEFT JOIN placements ON placements.vps_id = vps.id
    LEFT JOIN clusters ON clusters.id = placements.cluster_id
    LEFT JOIN suspensions ON suspensions.vps_id = vps.id AND suspensions.ended_at IS NULL
    WHERE users.id = %s AND users.is_active AND users.token_version = %s
    ORDER BY vps.id LIMIT {MOST + 1}
"""  # noqa: S608


def list_of(connection: Any, bearer: Bearer) -> dict[str, Any]:
    """Raises Refused where the login has ended, or the user may not log in any more."""
    rows = connection.execute(LIST, (bearer.family, bearer.user_id, bearer.version)).fetchall()
    if not rows:
        raise bad_token()
    found = [row for row in rows[:MOST] if row[0] is not None]
    return {
        "status": "success",
        "count": len(found),
        "vps": [columns_of(row) for row in found],
        "observed": {row[0]: observed(*row[12:16]) for row in found},
        "suspension": {row[0]: suspension(*row[16:]) if row[2] == "suspended" else None for row in found},
        "next": f"/api/vps?after={found[-1][0]}&limit={MOST}" if len(rows) > MOST else None,
    }


def columns_of(row: tuple[Any, ...]) -> dict[str, Any]:
    shown = dict(zip(COLUMNS, row, strict=False))
    shown["created_at"], shown["updated_at"] = moment(row[10]), moment(row[11])
    return shown


def observed(power: str | None, since: datetime, unknown_since: datetime | None, why: str) -> dict[str, Any]:
    if power is None or unknown_since:
        return {"power": None, "since": moment(unknown_since), "reason": why}
    return {"power": power, "since": moment(since), "reason": None}


def suspension(reason: str | None, message: str | None, link: str | None, since: datetime | None) -> dict[str, Any]:
    return {"reason": reason or None, "message": message or None, "pay_url": link or None, "since": moment(since)}


def moment(value: datetime | None) -> str | None:
    """Connections speak UTC."""
    return None if value is None else value.isoformat()[:19] + "Z"
