"""Which compression a caller wants, as `Accept-Encoding` says it (RFC 9110, 12.5.3). Whoever sends bytes asks it."""

from collections.abc import Iterable

IDENTITY = "identity"


def preferred(header: str, offered: Iterable[str]) -> list[str]:
    """Of what is offered those that the caller likes best, and alike; none where it would rather have it as it is."""
    weights = dict(weighed(coding) for coding in header.lower().split(",") if coding.strip())
    liked = {name: weights.get(name, weights.get("*", 0.0)) for name in offered}
    best = max([*liked.values(), weights.get(IDENTITY, 0.0)])
    return [name for name, weight in liked.items() if weight == best > 0]


def weighed(coding: str) -> tuple[str, float]:
    """`gzip;q=0.5`; what is no number is no wish."""
    name, _, parameter = coding.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0
