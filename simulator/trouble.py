"""What keeps a call from acting at once: its node is down or hangs, or the command is late. For `routes`."""

from simulator.refusals import Refused, died
from simulator.world import World


def check_node(world: World, node: str) -> None:
    """Raises Refused where the node is not there, is down, or hangs: the last takes its time to be found out."""
    if world.hangs.get(node):
        world.pause(world.hangs[node], lambda: not world.hangs.get(node))
        raise timed_out()
    if node not in world.nodes:
        lookup = f"failed to get address info for: {node}: Name or service not known"
        raise died(f"hostname lookup '{node}' failed - {lookup}")
    if not world.nodes[node]:
        raise Refused(595, "Connection refused", form="")


def timed_out() -> Refused:
    """Another node took the connection, and gave no answer in time."""
    return Refused(596, "Connection timed out", form="")


def be_late(world: World) -> None:
    """Raises Refused where the server stops first: a command that did not act by then never does."""
    if world.counts_down("late_commands") and not world.pause(world.faults.late_seconds):
        raise timed_out()
