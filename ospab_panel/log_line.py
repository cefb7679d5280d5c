"""The line of the log. The logging of settings makes it."""

import logging
import re

# Django writes of refusals by their path, and the path of a login link that nobody has used yet lets in who reads it.
LINK = re.compile(r"(/login/link/)[^/\s]+")


class WithoutLinks(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return LINK.sub(r"\1…", super().format(record))
