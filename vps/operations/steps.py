"""The step that an operation is at, each of which may be repeated. For `advance`.

Each returns the seconds until the next step, or None when the operation has ended or was taken over.
"""

from vps.hypervisor import Hypervisor
from vps.models import Operation
from vps.operations.begin import begin, look_if_free
from vps.operations.confirm import confirm
from vps.operations.follow import find, follow

Step = Operation.Step


def next_step(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """Raises HypervisorError where the cluster could not be asked; nothing is lost by asking again."""
    placement = operation.vps.placement
    if operation.step in (Step.LOCKED, Step.DOWN):
        return look_if_free(operation, placement, hypervisor)
    if operation.step == Step.CONFIRMING:
        return confirm(operation, placement, hypervisor)
    if operation.handle:
        return follow(operation, placement, hypervisor)
    if operation.intent_at is not None:
        return find(operation, placement, hypervisor)
    return begin(operation, placement, hypervisor)
