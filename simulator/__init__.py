"""A server that answers as Proxmox VE 9.2 does, for the demo, the tests, and whoever has no cluster at hand.

It covers what the panel's driver uses; texts, statuses and keys are those of the genuine API. It stands alone: nothing of
Django or of the panel is in it, and the panel reaches it over HTTP like any cluster.
"""

from simulator.server import Simulator

__all__ = ["Simulator"]
