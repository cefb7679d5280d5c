"""Static files, answered by the event loop from memory: no thread waits for whoever takes them. ospab_panel.asgi calls it.

WhiteNoise says what there is, with which headers, and what a browser has already.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from ospab_panel.server.request_body import Request
from ospab_panel.server.wsgi_bridge import CLOSE, Answer, send_all
from ospab_panel.server.wsgi_environ import Headers, environ_of_headers
from web import request_id
from web.accept_encoding import preferred

WITHOUT_BODY = (304, 405, 416)
COMPRESSIONS = ("br", "gzip")


class StaticFiles:
    def __init__(self, otherwise: Any) -> None:
        self.otherwise = otherwise
        self.files = WhiteNoiseMiddleware(lambda request: HttpResponse())
        self.security = security_headers()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        found = self.find(scope["path"])
        if found is None:
            await self.otherwise(scope, receive, send)
            return
        answer = answer_of(found, scope["method"], environ_of_headers(scope["headers"]))
        more = [*self.security, id_of(scope), *([CLOSE] if Request(scope).has_body else [])]
        await send_all(Answer(answer.status, answer.headers + more, answer.body), send)

    def find(self, path: str) -> Any:
        """Where DEBUG is on a file is looked for anew each time."""
        if not path.startswith(settings.STATIC_URL):
            return None
        return self.files.find_file(path) if self.files.autorefresh else self.files.files.get(path)


def answer_of(found: Any, method: str, environ: dict[str, str]) -> Answer:
    """As HEAD it opens no file: what is in it was read once."""
    asked = as_whitenoise_reads(found, environ)
    found_response = found.get_response(method if method != "GET" else "HEAD", asked)
    status, headers = int(found_response.status), {name.lower(): value for name, value in found_response.headers}
    if "etag" in headers:
        headers["etag"] = etag_of(found, asked)
    body = b"" if status in WITHOUT_BODY else part(contents(found.get_path_and_headers(asked)[0]), headers)
    return Answer(status, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()], body)


def as_whitenoise_reads(found: Any, environ: dict[str, str]) -> dict[str, str]:
    """WhiteNoise looks for words, and takes `gzip;q=0` for a wish. A part is one of the file as it is."""
    accepted = "" if "HTTP_RANGE" in environ else environ.get("HTTP_ACCEPT_ENCODING", "")
    asked = environ | {"HTTP_ACCEPT_ENCODING": ", ".join(preferred(accepted, COMPRESSIONS))}
    if known := environ.get("HTTP_IF_NONE_MATCH"):
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        asked["HTTP_IF_NONE_MATCH"] = found.etag if etag_of(found, asked) in tags else ""
    return asked


def etag_of(found: Any, asked: dict[str, str]) -> str:
    """Other bytes, another tag: WhiteNoise gives the file and all that is compressed of it the same."""
    compression = dict(found.get_path_and_headers(asked)[1]).get("Content-Encoding")
    return f'{found.etag[:-1]}-{compression}"' if compression else found.etag


def part(body: bytes, headers: dict[str, str]) -> bytes:
    """What `Content-Range: bytes 0-99/1234` names, or all of it."""
    if "content-range" not in headers:
        return body
    first, _, last = headers["content-range"].removeprefix("bytes ").partition("/")[0].partition("-")
    return body[int(first) : int(last) + 1]


@cache
def contents_then(path: str, changed_at: int) -> bytes:
    return Path(path).read_bytes()


def contents(path: str) -> bytes:
    return contents_then(path, Path(path).stat().st_mtime_ns if settings.DEBUG else 0)


def security_headers() -> Headers:
    """What Django gives all else."""
    response = HttpResponse()
    is_https = {"wsgi.url_scheme": "https", "HTTP_X_FORWARDED_PROTO": "https"}
    request = WSGIRequest(is_https | {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO()})
    SecurityMiddleware(lambda request: response).process_response(request, response)
    return [(name.lower().encode(), value.encode()) for name, value in response.items() if name != "Content-Type"]


def id_of(scope: Any) -> tuple[bytes, bytes]:
    name = request_id.HEADER.lower().encode()
    given = dict(scope["headers"]).get(name, b"").decode("latin-1")
    return name, request_id.chosen(given).encode()
