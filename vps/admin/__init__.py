"""The staff's door, one noun a file. Django's admin finds it; templates/admin holds its pages."""

from vps.admin import cluster, event, operation, sync_call, vps  # noqa: F401  each registers itself
