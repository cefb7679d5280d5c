"""The staff's door, one noun a file. Django's admin finds it; templates/admin holds its pages."""

from vps.admin import cluster, event, operation, vps  # noqa: F401  each registers itself
