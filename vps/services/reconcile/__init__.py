"""Reconcile: make what we show what is. The clock calls it, and staff by "Test connection"."""

from vps.services.reconcile.observe import reconcile

__all__ = ["reconcile"]
