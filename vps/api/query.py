"""What stands behind the question mark of an address: numbers and words, and nothing near them. For the doors beside it."""

from django.utils.translation import gettext
from rest_framework.request import Request

from web.errors import InvalidInput


def number(request: Request, name: str, default: int, most: int, least: int = 0) -> int:
    """A whole number from `least` to `most`. Raises InvalidInput, which names it."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        sentence = gettext("Must be a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
        raise InvalidInput(f"{name}: {sentence}", errors={name: [sentence]})
    return int(text)


def words(request: Request, name: str, known: list[str]) -> list[str]:
    """A list with commas of known words; empty where it is not given. Raises InvalidInput."""
    given = request.query_params.get(name)
    found = [] if given is None else given.split(",")
    if not set(found) <= set(known):
        sentence = gettext("Must be one of: %(words)s.") % {"words": ", ".join(known)}
        raise InvalidInput(f"{name}: {sentence}", errors={name: [sentence]})
    return found
