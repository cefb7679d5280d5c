"""Every kind of trouble, the worst first: as the staff's first page has them. A new one is defined in a file beside it."""

from vps.attention import clusters, mails, main_site, operations, servers, webhooks
from vps.attention.kind import Kind

KINDS: list[Kind] = [
    main_site.FAILING_CALLS,
    main_site.REFUSED_KEYS,
    clusters.UNREACHABLE,
    clusters.DOUBTED,
    clusters.LACKING,
    clusters.NOT_POLLED,
    clusters.UNREACHABLE_NODES,
    servers.MISMATCHED,
    operations.LATE,
    operations.KILLING,
    operations.FAILED,
    servers.GONE,
    servers.UNSEEN,
    servers.IN_ERROR,
    servers.RUNNING_SUSPENDED,
    servers.UNENFORCED,
    webhooks.UNREADABLE,
    webhooks.DISABLED,
    servers.LONG_CREATED,
    servers.UNBOUND,
    clusters.TWINS,
    webhooks.BEHIND,
    webhooks.UNDELIVERED,
    mails.UNSENT,
]
BY_KEY: dict[str, Kind] = {kind.key: kind for kind in KINDS}
