"""Makes true what the main site says of its VPSs. Endpoints and commands of manage.py make `SyncCommand`s and `apply` them.

A sync command is one action on one VPS. Any number of commands is one transaction of a few statements:

* commands.py    the shapes: SyncCommand goes in, a Result or a PanelError comes out of each;
* apply.py       `apply` takes many commands, `apply_one` takes one, and both keep the order below;
* parts.py       `apply_in_parts` takes so many that they are not held at once: all is locked first, and then part by part;
* batch.py       `Batch`: all rows that the commands are about, and what is to be written of them, in memory;
* needs.py       `Needs`: what of all that has to be claimed, locked and read;
* read.py        reads and locks those rows: claims external ids, locks VPSs, takes the lock of moving placements;
* actions.py     create, update and delete: each applies one command to the batch, in memory alone;
* placements.py  which guest a VPS is: what of an action concerns its placement;
* suspensions.py why a VPS is suspended: what of an action concerns that;
* sizes.py       sizes that look like a mistake: what the main site is warned of;
* write.py       writes what the actions changed, a statement a table, and rings whoever has to go on.
"""

from vps.services.sync.apply import apply, apply_one
from vps.services.sync.commands import Outcome, PlacementSpec, Result, SuspensionSpec, SyncCommand
from vps.services.sync.needs import Needs
from vps.services.sync.parts import Failure, Part, apply_in_parts

__all__ = [
    "Failure",
    "Needs",
    "Outcome",
    "Part",
    "PlacementSpec",
    "Result",
    "SuspensionSpec",
    "SyncCommand",
    "apply",
    "apply_in_parts",
    "apply_one",
]
