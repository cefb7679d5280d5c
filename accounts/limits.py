"""How often who is not known yet may try what. Endpoints, accounts.guesses and accounts.authentication take from it."""

import logging

from accounts.errors import TooManyAttempts
from web import limits
from web.limits import HOUR, MINUTE, QUARTER, Count, Limit

log = logging.getLogger(__name__)

# Wrong passwords, wherever one is asked for: login page, API, admin, change of password.
#                            what, and by whom it is counted     most  per
PASSWORDS_NEAR = Limit("wrong passwords, account and network", 10, QUARTER)
# Of what comes from where this account was never logged in to. Networks that it knows are not bound by these.
PASSWORDS_OF_NETWORK = Limit("wrong passwords, network", 30, QUARTER)
PASSWORDS_OF_ACCOUNT = Limit("wrong passwords, account", 200, HOUR)
PASSWORDS_ALIKE = Limit("wrong passwords, password", 50, HOUR)
PASSWORDS_OF_ALL = Limit("wrong passwords, all", 1000, QUARTER)

# Secrets that nobody guesses. The right one is let in whatever was counted; these keep down what the wrong ones cost.
KEYS_OF_NETWORK = Limit("wrong keys, network", 30, MINUTE)
KEYS_OF_ALL = Limit("wrong keys, all", 300, MINUTE)
REFRESHES_OF_NETWORK = Limit("wrong refresh tokens, network", 100, QUARTER)
LINKS_OF_NETWORK = Limit("wrong links, network", 30, QUARTER)


def spend(*counts: Count) -> None:
    """From the narrowest on. Raises TooManyAttempts."""
    if full := limits.spend(*counts):
        what, who = full.count.limit.what, full.count.who or "all of them"
        log.warning("Too many %s: refused for %s s, %s", what, full.retry_after, who)
        raise TooManyAttempts(full.retry_after)
