"""Reconcile: make what we show what is, a round over each cluster every few seconds. It creates and deletes no VPS.

The clock calls `reconcile`, and staff do by "Test connection". In the order of a round:

* `observe`: the round: one call for all guests, then the steps below.
* `sightings`: what the list says of each machine beside its power, held against the round before.
* `ask`: who a guest is, asked of those in doubt first, and of some of the others in turn.
* `rights`: what the cluster's token may do, asked now and then.
* `doubt`: whether guests that the list leaves out are gone, or the list is not to be believed.
* `brief`: which placements the list says nothing new of, so that no more is read of them.
* `compare`: what of all this changes a placement: pure functions.
* `learn`: writes the changes, with their events.
* `store`: keeps usage and the list in Redis, for pages and staff.
"""

from vps.services.reconcile.observe import reconcile

__all__ = ["reconcile"]
