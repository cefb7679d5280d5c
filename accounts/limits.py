"""How often who is not known yet may try what. Endpoints, pages, accounts.guesses and workers take from it."""

import logging

from accounts.errors import TooManyAttempts
from web import limits
from web.limits import HOUR, MINUTE, QUARTER, Count, Full, Limit

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

# Mails that anybody may ask for. A name is counted as it was typed, whether somebody has it or not.
FORGOTTEN_NEAR = Limit("forgotten passwords, name and network", 5, HOUR)
FORGOTTEN_OF_NETWORK = Limit("forgotten passwords, network", 20, HOUR)
FORGOTTEN_OF_NAME = Limit("forgotten passwords, name", 20, HOUR)
FORGOTTEN_OF_ALL = Limit("forgotten passwords, all", 1000, HOUR)
# By whatever names it was asked for: a worker counts it.
RESETS_OF_ACCOUNT = Limit("mails to set a password, account", 3, HOUR)
CHANGES_OF_ACCOUNT = Limit("changes of an address, account", 5, HOUR)
CHANGES_TO_ADDRESS = Limit("changes of an address, address", 5, HOUR)


def spend(*counts: Count, error: type[TooManyAttempts] = TooManyAttempts) -> None:
    """From the narrowest on. Raises this error."""
    if full := tried(*counts):
        raise error(full.retry_after)


def tried(*counts: Count) -> Full | None:
    """What is full of them, which the log names, for whoever refuses nobody by an answer."""
    full = limits.spend(*counts)
    if full:
        what, who = full.count.limit.what, full.count.who or "all of them"
        log.warning("Too many %s: refused for %s s, %s", what, full.retry_after, who)
    return full
