"""How a call's parameters are read, of the query and of a form or JSON body, and what is said of a bad one. For `server`.

The texts are those of pve-http-server 6.0 and of the JSON parser under it.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from simulator.refusals import Refused

WHERE = "at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def parameters(method: str, content_type: str, query: str, body: str) -> dict[str, Any]:
    """The query wins over the body, and a repeated key is an array. Raises Refused."""
    sent = content_type.split(";")[0].strip().lower()
    if method in ("GET", "DELETE"):
        if body:
            raise Refused(501, f"Unexpected content for method '{method}'", form="text")
        return of_form(query)
    if sent not in ("", FORM, JSON):
        raise Refused(506, f"upload 'Content-Type '{sent}' not implemented", form="text")
    return (of_json(body) if sent == JSON else of_form(body)) | of_form(query)


def of_form(text: str) -> dict[str, Any]:
    """A key without a value is no parameter."""
    parsed = parse_qs("&".join(part for part in text.split("&") if "=" in part), keep_blank_values=True)
    return {key: values[0] if len(values) == 1 else values for key, values in parsed.items()}


def of_json(text: str) -> dict[str, Any]:
    """true and false are 1 and 0; what is null was not given."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise not_json(text, error) from error
    if not isinstance(given, dict):
        raise Refused(500, f"Not a HASH reference {WHERE} 978.", form="text", newline=True)
    return {key: int(value) if isinstance(value, bool) else value for key, value in given.items() if value is not None}


def not_json(text: str, error: json.JSONDecodeError) -> Refused:
    what = "malformed JSON string, neither tag, array, object, number, string or atom,"
    if "property name" in error.msg:
        what = "'\"' expected,"
    before = text[error.pos :] or "(end of string)"
    return Refused(
        500, f'{what} at character offset {error.pos} (before "{before}") {WHERE} 934.', form="text", newline=True
    )
