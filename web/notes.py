"""What a page says in passing, in answer to a click: "Reboot of shop has begun". For views of pages.

What stands for longer is a row of its own. An open page is told in a header, whatever has become of the place of the
button meanwhile; without JavaScript the next page says it.
"""

import json
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

HEADER = "X-Note"


def with_note(
    request: HttpRequest, response: HttpResponse, text: str, *, about: int | None = None, is_refusal: bool = False
) -> HttpResponse:
    """`about` is the number of what it is about: what is told of that later takes the note's place."""
    if getattr(request, "htmx", False):
        response[HEADER] = quote(json.dumps({"text": text, "about": about, "isRefusal": is_refusal}))
    else:
        messages.add_message(request, messages.ERROR if is_refusal else messages.SUCCESS, text)
    return response
