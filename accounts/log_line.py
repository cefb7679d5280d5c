"""The line of the log, without the secrets of links. The logging of settings makes it, and asgi mends uvicorn's own."""

import logging
import re

# Django writes of refusals by their path, and the path of a link that nobody has used yet lets in who reads it.
# Whatever is made of it: as the `next` of another address, or mistyped.
SLASH = "(?:/|%(?:25)*2f)"
# Counted, for a line of slashes alone is looked through once.
BEFORE_TOKEN = "|".join(
    rf"{one}{SLASH}{{1,9}}{two}" for one, two in (("login", "link"), ("password", "reset"), ("email", "confirm"))
)
LINK = re.compile(rf"({SLASH}(?:{BEFORE_TOKEN}){SLASH}{{1,9}})[^/\s]+", re.IGNORECASE)


class WithoutLinks(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return LINK.sub(r"\1…", super().format(record))


class WithoutLinksInArguments(logging.Filter):
    """For a logger whose lines are laid out by others: uvicorn's own."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(LINK.sub(r"\1…", one) if isinstance(one, str) else one for one in record.args)
        return True
