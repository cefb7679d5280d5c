"""The staff's door, one noun a file. Django's admin finds it; templates/admin holds its pages."""

from vps.admin import (  # noqa: F401  each registers itself
    cluster,
    event,
    mail,
    operation,
    owner,
    sync_call,
    vps,
    webhook_delivery,
    webhook_endpoint,
)
