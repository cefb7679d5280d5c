"""What people are told of how things ended: put away once it was seen, and forgotten after a time. Pages and tasks call it."""

from web.forgetting import forget


def forget_old() -> int:
    """Those that were seen 30 days ago, and those that nobody came to see for 90. Returns how many went."""
    seen = forget("notices", "seen_at < now() - interval '30 days'")
    return seen + forget("notices", "created_at < now() - interval '90 days'")
