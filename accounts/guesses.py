"""A password is tried: at a login, or as the old one where a new one is set. Whoever checks a password does it in `guess`.

An account is locked by nobody who merely knows its name. What a stranger tries from a network counts against that account
from there; and what many strangers try from many networks slows the networks that the account has never been logged in to
from, while those that it knows go on as if nothing was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.utils.crypto import salted_hmac

from accounts import limits
from accounts.models import KnownNetwork, User
from web.limits import Count, clear, give_back

ADD_KNOWN_NETWORK = """
    INSERT INTO known_networks (user_id, network) SELECT id, %s FROM users WHERE id = %s
    ON CONFLICT (user_id, network) DO UPDATE SET used_at = statement_timestamp()
"""


@dataclass
class Guess:
    """`is_right` is set by whoever has checked it."""

    is_right: bool = False


@contextmanager
def guess(user: User | None, name: str, password: str, network: str) -> Iterator[Guess]:
    """Counted before it is checked, so that of a hundred at once no more are checked than may be; what was right, or was
    not checked after all, is given back. Raises TooManyAttempts.
    """
    near, *wider = counts_of(user, name, password, network)
    limits.spend(near, *wider)
    one = Guess()
    try:
        yield one
    except BaseException:
        give_back(near, *wider)
        raise
    if one.is_right and user:
        clear(near)
        give_back(*wider)
        add_known_network(user, network)


def counts_of(user: User | None, name: str, password: str, network: str) -> list[Count]:
    """A name that nobody has is counted as somebody's is."""
    account = account_of(user, name)
    near = Count(limits.PASSWORDS_NEAR, f"{account} {network}")
    if KnownNetwork.objects.filter(user_id=user.pk if user else 0, network=network).exists():
        return [near]
    return [
        near,
        Count(limits.PASSWORDS_OF_NETWORK, network),
        Count(limits.PASSWORDS_OF_ACCOUNT, account),
        Count(limits.PASSWORDS_ALIKE, digest(password)),
        Count(limits.PASSWORDS_OF_ALL),
    ]


def account_of(user: User | None, name: str) -> str:
    return f"user {user.pk}" if user else f"name {digest(name.lower())}"


def forgive(user: User, network: str) -> None:
    """Who has proved otherwise who they are, as by a link of a mail, does not wait for what they tried in vain from here."""
    clear(Count(limits.PASSWORDS_NEAR, f"{account_of(user, '')} {network}"))
    add_known_network(user, network)


def digest(secret: str) -> str:
    """Under our key, and cut: it tells whether two are the same, and nobody what was typed."""
    return salted_hmac("accounts.guesses", secret.encode(errors="replace"), algorithm="sha256").hexdigest()[:16]


def add_known_network(user: User, network: str) -> None:
    """Somebody was let in as this user from here."""
    with connection.cursor() as cursor:
        cursor.execute(ADD_KNOWN_NETWORK, [network, user.pk])
