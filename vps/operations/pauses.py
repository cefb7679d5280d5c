"""How soon an operation is looked at again, and how often and how long it is tried. Read as `pauses.SOON`, so that one place
changes it. For the modules of this package."""

# In seconds: how soon to look again.
NOW = 0.0
# After a command: a task that ends at once has ended by then.
FIRST = 0.25
SOON = 1.0
LATER = 3.0
LOCKED = 5.0

# The guest's own system has this long to shut down, in seconds.
SHUTDOWN_LIMIT_S = 60

# One that is paused cannot, and is not waited for.
PAUSED_LIMIT_S = 1

# Commands sent, and workers lost in the middle of a turn.
MOST_TRIES = 5

# A worker that was paused between its intent and the command does not send it any more after this.
LEAVES_WITHIN_S = 10.0


def until_next_poll(seconds_since_sent: float) -> float:
    """After a quarter of a second, twice that and so on up to every second, when most end, and then at leisure."""
    return min(SOON, max(FIRST, seconds_since_sent)) if seconds_since_sent < 10 else LATER
