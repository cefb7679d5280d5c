"""What the main site says of its VPSs, made true here. Doors make `Word`s of it and call `apply`, or `say` for one alone.

A word is one action on one VPS. Any number of them is one transaction of a few statements: what they are about is read
into a `Book`, `verbs` plays them on it one after the other, in memory, and what changed in it is written.
"""

from vps.services.sync.apply import apply, say
from vps.services.sync.words import Done, Outcome, PlacementSpec, Word

__all__ = ["Done", "Outcome", "PlacementSpec", "Word", "apply", "say"]
