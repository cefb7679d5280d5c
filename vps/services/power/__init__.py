"""Power operations: doors call `request` and `refusal`, a worker calls `advance` and `sweep`. Nothing else changes one."""

from vps.services.power.advance import advance
from vps.services.power.request import refusal, request
from vps.services.power.sweep import sweep

__all__ = ["advance", "refusal", "request", "sweep"]
