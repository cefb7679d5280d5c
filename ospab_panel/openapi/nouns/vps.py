"""A VPS: the columns of its table, told once for what is sent and for what is answered."""

from ospab_panel.openapi.shapes import Schema, moment, or_null, text, thing, whole, word
from vps.errors import HypervisorUnavailable, HypervisorUnsupported, IdentityMismatch, VpsMissing, VpsUnbound
from vps.models import Vps
from vps.models.vps import LARGEST, SMALLEST

WHY_UNKNOWN = [
    error.code for error in (VpsUnbound, HypervisorUnsupported, VpsMissing, IdentityMismatch, HypervisorUnavailable)
]
ID_MAX = 2_147_483_647
VPS_ID, USER_ID = 17, 5

COLUMNS: dict[str, Schema] = {
    "id": whole("The panel's id of the VPS.", VPS_ID, 1, ID_MAX),
    "name": text("Any printable text; markup in it is plain text.", "web-01", 255, minLength=1),
    "status": word(
        "`suspended` (unpaid, say) and `error` are the main site's words; what is seen on the hypervisor moves a VPS between "
        "`running` and `stopped`.",
        Vps.Status.values,
    ),
    "ip_address": or_null(text("IPv4 or IPv6, or null where none is known.", "203.0.113.7", 45)),
    "cpu": whole("CPU cores.", 4, SMALLEST["cpu"], LARGEST["cpu"]),
    "ram": whole("RAM in MB: 8 GB are 8192.", 8192, SMALLEST["ram"], LARGEST["ram"]),
    "disk": whole("Disk in GB.", 100, SMALLEST["disk"], LARGEST["disk"]),
    "os": text("The operating system, in words.", "Ubuntu 22.04 LTS", 100, minLength=1),
    "user_id": whole("The panel's id of the owner.", USER_ID, 1, ID_MAX),
    "hypervisor": word("What it runs on. Servers on `proxmox` alone can be controlled.", Vps.Hypervisor.values),
    "created_at": moment("When it came into the panel."),
    "updated_at": moment("When a column changed last."),
}
VPS = thing(COLUMNS, "A virtual server that is sold: every column of its table.")

COUNT = whole("How many are on this page.", 1, 0)
EXTERNAL_ID = text("The main site's own id of it, unique for ever.", "order-1042", 191, minLength=1)
SYNCED_VPS = thing(
    COLUMNS | {"external_id": EXTERNAL_ID},
    "A VPS as the main site sees it: every column of its table and, where it has one, the main site's own id.",
    optional=("external_id",),
)

OBSERVED = thing(
    {
        "power": or_null(
            word("As seen on its hypervisor; null where nobody sees it.", ["running", "stopped", "paused"])
        ),
        "since": or_null(moment("Since when it is so, or is not known.")),
        "reason": or_null(word("Why it is not known.", WHY_UNKNOWN)),
    },
    "What is seen of a server, beside `status`, which is the main site's word where nobody sees it.",
)
OBSERVED_EXAMPLE = {"power": "running", "since": "2025-10-27T10:31:12Z", "reason": None}

EXAMPLE = {
    "id": VPS_ID,
    "name": "web-01",
    "status": "running",
    "ip_address": "203.0.113.7",
    "cpu": 4,
    "ram": 8192,
    "disk": 100,
    "os": "Ubuntu 22.04 LTS",
    "user_id": USER_ID,
    "hypervisor": "proxmox",
    "created_at": "2025-10-27T10:30:00Z",
    "updated_at": "2025-10-27T10:31:12Z",
}
