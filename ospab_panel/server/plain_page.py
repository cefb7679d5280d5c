"""What a person reads where not even an error page can be made, as too many wait for a thread. wsgi_bridge answers by it.

It is of one piece, in both languages, and asks again by itself.
"""

import re
from typing import Any

API = re.compile(r"/+api(/|$)", re.IGNORECASE)
PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="{seconds}">
    <title>ospab.host</title>
  </head>
  <body>
    <h1 lang="ru">Панель временно недоступна</h1>
    <p lang="ru">Серверы работают, недоступно только управление. Страница откроется сама.</p>
    <hr>
    <h2>The panel is briefly unavailable</h2>
    <p>The servers keep running; only controlling them has to wait. This page opens by itself.</p>
  </body>
</html>
"""


def is_for_people(scope: Any) -> bool:
    """A browser names HTML among what it takes; whoever calls the API reads JSON, whatever they name."""
    accepted = dict(scope["headers"]).get(b"accept", b"")
    return b"text/html" in accepted and not API.match(scope["path"])


def plain_page(seconds: int) -> bytes:
    return PAGE.format(seconds=seconds).encode()
