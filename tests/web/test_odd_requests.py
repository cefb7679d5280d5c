"""Requests that no browser and no client of ours sends: every address against odd headers, queries, forms and cookies.

They go through the WSGI application itself, for Django's test client makes its requests in another way. None may be answered
with 5xx, and none of the API's with anything but JSON.
"""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from accounts.models import User
from ospab_panel.wsgi import application
from tests.callers import filled
from tests.test_permissions import ENDPOINTS
from tests.test_permissions import VALUES as PARAMETERS

Environ = dict[str, Any]
NUL = "%00"


@pytest.fixture
def here(settings: Any) -> Iterator[None]:
    """A request of this process must not end the test's own transaction, as one of a server ends its connection."""
    settings.ALLOWED_HOSTS = ["testserver"]
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def paths(method: str = "") -> list[str]:
    """Of every endpoint, or of those whose table has this method; with an id that may or may not be there."""
    routes = [route for route, methods in ENDPOINTS.items() if "*" in methods or method in " ".join(methods)]
    return [filled(route, id=1, **PARAMETERS) for route in routes]


def ask(
    method: str, path: str, query: str = "", body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of the answer."""
    answered: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        answered.update(status=int(status[:3]), headers=dict(headers))
        return lambda _: None

    environ: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    } | headers
    answer = application(environ, start_response)
    try:
        content = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return answered["status"], answered["headers"], content


def check(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> int:
    status, head, content = ask(method, path, query, body, **headers)
    named = f"{method} {path}?{query[:80]} {str(headers)[:200]} -> {status} {content[:200]!r}"
    assert status < 500, named
    if path.startswith("/api/") and path not in ("/api/schema", "/api/docs"):
        assert head["Content-Type"] == "application/json", named
        assert status < 400 or {"status", "message", "code"} <= set(json.loads(content)), named
    return status


ODD_HEADERS = (
    [
        {"CONTENT_TYPE": value}
        for value in (
            "application/json; charset*=bogus''x",
            "application/json; charset*=utf-8''a%00",
            "application/json; charset*=utf-8''utf-8%ff",
            "application/json; charset*0*=bogus''x",
            "application/json; charset=bogus",
            "application/json; charset=hex",
            "application/json; charset=idna",
            "application/json; charset=utf-16",
            "application/json; charset=raw_unicode_escape",
            "application/json; charset=a\0b",
            'application/json; charset="',
            "application/json; charset=" + "x" * 60_000,
            "application/json; ;;;=;=",
            "application/json; x*=a'b",
            "application/json\0",
            "; charset=utf-8",
            "/",
            "\xff\xfe",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\xff",
            "multipart/form-data; boundary*=bogus''x",
            "multipart/form-data; boundary=" + "x" * 300,
            "multipart/form-data; boundary=a b",
            "application/x-www-form-urlencoded; charset=hex",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset*=bogus''x",
            "text/plain; charset=bogus",
        )
    ]
    + [
        {name: value}
        for name, values in {
            "CONTENT_LENGTH": ("+5", "5, 5", "-1", "9" * 30, "x", "5\0", " 5", "1e3", "\xb2"),
            "HTTP_TRANSFER_ENCODING": ("chunked", "gzip, chunked", "\xff", "identity"),
            "HTTP_CONTENT_DISPOSITION": ("form-data; name*=bogus''x", "\xff"),
            "HTTP_CONTENT_ENCODING": ("gzip", "\xff"),
            "HTTP_HOST": (
                "",
                "a b",
                "[",
                "http://[",
                "testserver:99999999",
                "testserver:x",
                "\xff",
                "a\0b",
                "x" * 5000,
                "@",
                "[::1",
            ),
            "HTTP_COOKIE": (
                'session="aaaaaaaa\\000aaaaaaaaaaaaaaaaaaaaaaaa"',
                "session=" + "\xed\xa0\x80" * 8,
                "session=" + "x" * 50_000,
                "session=aaaaaaaa\0bbbbbbbb",
                'csrf="\\000"; session; =; ;;',
                "language=\xff; messages=\xff",
                'language="\\000"; theme="\\000"',
                "language=" + "r" * 5000,
                "language=ru-../../etc",
            ),
            "HTTP_ACCEPT_LANGUAGE": (
                "\xff",
                "ru;q=x",
                "ru;q=" + "9" * 400,
                "*" * 5000,
                "a\0b",
                "-",
                ",,,;;;",
                "zz-zz-zz-zz",
            ),
            "HTTP_ACCEPT": ("\xff", "a/b/c;q=x", "\0", ";" * 1000),
            "HTTP_IF_MODIFIED_SINCE": (
                "x",
                "Thu, 99 Foo 99999 99:99:99 GMT",
                "Thu, 01 Jan 0001 00:00:00 GMT",
                "\0",
                "Mon, 01 Jan 999999999 00:00:00 GMT",
            ),
            "HTTP_IF_NONE_MATCH": ("x", '"', "W/", "\0"),
            "HTTP_RANGE": (
                "bytes=",
                "bytes=-",
                "bytes=9-1",
                "bytes=0-" + "9" * 40,
                "bytes=" + "9" * 5000 + "-",
                "x=1-2",
                "bytes=\xb2-",
                "bytes=-0",
            ),
            "HTTP_REFERER": ("http://[", "\xff", "http://testserver:x/", "a\0b", "//" * 2000),
            "HTTP_ORIGIN": ("http://[", "http://a:b", "http://a:99999", "\xff", "null", "a\0b"),
            "HTTP_X_FORWARDED_FOR": ("x", "1" * 5000, "a\0b", "::::", "\xff"),
            "HTTP_X_FORWARDED_PROTO": ("https", "https, http", "\xff"),
            "HTTP_X_FORWARDED_HOST": ("[", "\xff"),
            "HTTP_X_REQUEST_ID": ("\xff", "a\0b"),
            "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "\xff"),
            "HTTP_AUTHORIZATION": (
                "Bearer \xff",
                "Bearer a\0b.c.d",
                "Bearer",
                "Basic \xff",
                "Bearer " + "." * 10_000,
                "\0",
            ),
            "HTTP_X_API_KEY": ("\xff", "a\0b", "x" * 50_000),
            "HTTP_IDEMPOTENCY_KEY": ("\xff", "a\0b", "x" * 5000, '"'),
            "REMOTE_ADDR": ("", "x", "fe80::1%eth0", "unix:"),
            "REQUEST_METHOD": (
                "TRACE",
                "CONNECT",
                "PROPFIND",
                "get",
                "\xff",
                "X" * 1000,
                "HEAD",
                "OPTIONS",
                "PUT",
                "PATCH",
                "DELETE",
            ),
        }.items()
        for value in values
    ]
    + [
        {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": value}
        for value in (
            "http://[",
            "http://testserver:x/",
            "\xff",
            "a\0b",
            "http://testserver/\xff",
            "//",
            "javascript:x",
            "http://testserver/" + "x" * 9000,
        )
    ]
    + [
        {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://%5B", "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": "true"},
        {"HTTP_HX_REQUEST": "true", "HTTP_HX_TRIGGERING_EVENT": "{", "HTTP_HX_TARGET": "\0", "HTTP_HX_PROMPT": "%ff"},
    ]
)


# What is tried


ADDRESSES = [
    "/healthz",
    "/login/",
    "/api/auth/login",
    "/api/vps/sync",
    "/admin/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_odd_request_with_an_unreadable_content_type_is_refused_on_every_address(
    here: None, static_files: None, method: str
) -> None:
    """C6: a content type that cannot be read is refused on every address."""
    for path in paths():
        for value in ("application/json; charset*=bogus''x", "application/json; charset*=utf-8''a%00"):
            assert check(method, path, body=b"{}", CONTENT_TYPE=value) in (400, 415), path


@pytest.mark.django_db
def test_odd_request_in_another_charset_than_utf_8_is_refused_where_there_is_a_body(
    here: None, static_files: None
) -> None:
    """C6: another charset than UTF-8 is refused where there is a body."""
    for path in paths("POST"):
        assert check("POST", path, body=b"{}", CONTENT_TYPE="application/json; charset=utf-16") == 415, path


@pytest.mark.django_db
@pytest.mark.parametrize("headers", ODD_HEADERS, ids=lambda row: repr(row)[:60])
def test_odd_request_breaks_no_address_by_a_header(headers: dict[str, str], here: None, static_files: None) -> None:
    """C6: no header breaks an address."""
    headers = dict(headers)
    odd_method = headers.pop("REQUEST_METHOD", None)
    for path in ADDRESSES:
        for method in [odd_method] if odd_method else ["GET", "POST"]:
            check(method, path, body=b"{}", **headers)


@pytest.mark.django_db
def test_odd_request_breaks_no_address_by_a_part_of_a_form(here: None, static_files: None) -> None:
    """C6: no part of a form breaks an address."""
    for head in (
        "name*=bogus''x",
        "name*=utf-8''a%00",
        "name=\xff",
        "filename=x",
        "name=x\r\nContent-Type: a; charset*=bogus''x",
    ):
        part = f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\nx\r\n--b--\r\n".encode("latin-1")
        for path in ("/login/", "/language/setlang/"):
            check("POST", path, body=part, CONTENT_TYPE="multipart/form-data; boundary=b")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["q=%00", "%00=x", "next=/%00", "page=%00", "a=" + "%ED%A0%80", "a=%FF&b=%", "&".join("a=1" for _ in range(2000))],
)
def test_odd_request_breaks_no_address_by_a_query(query: str, here: None, static_files: None) -> None:
    """C10: no query breaks an address."""
    for path in paths():
        check("GET", path, query)


# By who is logged in


@pytest.fixture
def as_alice(here: None, as_user: Any, alice: Any) -> dict[str, str]:
    return {"HTTP_COOKIE": f"session={as_user(alice).cookies['session'].value}"}


@pytest.fixture
def as_carol(here: None, as_user: Any, carol: Any) -> dict[str, str]:
    return {"HTTP_COOKIE": f"session={as_user(carol).cookies['session'].value}"}


@pytest.mark.parametrize("url", ["http://[", "http://testserver:x/", "a\0b", "//", "http://testserver/vps/1/"])
def test_fragment_of_an_odd_page_goes_to_log_in_and_then_to_a_page_of_ours(url: str, here: None, db: None) -> None:
    """C10: the page of the fragment goes to log in, and afterwards to the page if it is ours."""
    status, _, body = ask("GET", "/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=url)
    back = "/vps/1/" if url.endswith("1/") else "/"
    assert status == 401
    assert f'href="/login/?{urlencode({"next": back})}"' in body.decode()


def test_fragment_is_of_our_page_though_the_host_lacks_its_port(here: None, db: None, settings: Any) -> None:
    """D7: as a proxy has it that passes on the name alone."""
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": f"{settings.PANEL_URL}/?page=2"}
    assert b'href="/login/?next=%2F%3Fpage%3D2"' in ask("GET", "/", **headers)[2]


VALUES = ("%00", "x", "", "9" * 25, "9" * 5000, "%ED%A0%80")
PAGES = (
    "/",
    "/vps/{vps}/",
    "/vps/{vps}/row/",
    "/vps/{vps}/status/",
    "/vps/{vps}/history/hour/",
    "/vps/{vps}/power/stop/",
    "/profile/",
    "/login/",
)


def test_odd_request_breaks_no_page_by_a_parameter(
    as_alice: dict[str, str], alice: Any, make_vps: Any, bind: Any
) -> None:
    """C10: no parameter breaks a page."""
    vps = make_vps(alice)
    bind(vps)
    for path in PAGES:
        for name in ("page", "next"):
            for value in VALUES:
                check("GET", path.format(vps=vps.pk), f"{name}={value}", **as_alice)
    for id in ("9" * 25, "9" * 5000, "\u0661", "-1", "\0", "1e3"):
        check("GET", f"/vps/{id}/", **as_alice)


def test_odd_request_breaks_no_form_by_a_field(here: None, alice: Any, static_files: None) -> None:
    """C10: no field breaks a form."""
    for path in ("/login/", "/language/setlang/", "/login/link/x/"):
        for name in ("username", "password", "next", "language", "token"):
            for value in VALUES:
                form = f"username=alice&password=x&language=ru&{name}={value}".encode()
                status = check("POST", path, body=form, CONTENT_TYPE=FORM)
                assert status == 400 or value != NUL, (path, name)


# The admin

FORM = "application/x-www-form-urlencoded"
ASIDE = ("q", "p", "o", "all", "e", "_to_field", "_popup", "_changelist_filters", "_facets")
LOOKUPS = (
    "",
    "__exact",
    "__in",
    "__gte",
    "__isnull",
    "__range",
    "__date",
    "__regex",
    "__contains",
    "__username__exact",
)
ENDS = ("change/", "history/", "delete/", "password/", "health/", "guests/", "secret/", "")


def lists() -> list[Any]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


def address_of(model: Any) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


@pytest.mark.parametrize("model", lists(), ids=lambda model: model._meta.model_name)
def test_odd_request_breaks_no_list_of_the_admin_by_a_query(
    model: Any, as_carol: dict[str, str], make_vps: Any, alice: Any
) -> None:
    """C10: no question breaks a list of the admin."""
    make_vps(alice)
    for name in ASIDE:
        for value in VALUES:
            check("GET", address_of(model), f"{name}={value}", **as_carol)
    known = {field.name for field in model._meta.get_fields()}
    fields = [name for name in ("id", "status", "created_at") if name in known]
    for name in fields:
        for lookup in LOOKUPS:
            for value in ("x", "9" * 25):
                check("GET", address_of(model), f"{name}{lookup}={value}", **as_carol)


@pytest.mark.parametrize("model", lists(), ids=lambda model: model._meta.model_name)
def test_odd_request_breaks_no_page_of_the_admin_by_a_number(model: Any, as_carol: dict[str, str]) -> None:
    """C10: no number breaks a page of the admin."""
    for id in ("\0", "x", "9" * 25, "_00"):
        for end in ENDS:
            check("GET", f"{address_of(model)}{id}/{end}", **as_carol)


@pytest.mark.parametrize("model", lists(), ids=lambda model: model._meta.model_name)
def test_odd_request_breaks_no_list_of_the_admin_by_a_form(
    model: Any, as_carol: dict[str, str], make_vps: Any, alice: Any
) -> None:
    """C10: no form breaks a list of the admin."""
    make_vps(alice)
    csrf = "a" * 32
    headers = {"CONTENT_TYPE": FORM, "HTTP_COOKIE": f"{as_carol['HTTP_COOKIE']}; csrf={csrf}"}
    site = admin.site._registry[model]
    actions = [*site.get_actions(staff_request(model)), "delete_selected", "x", "%00"]
    for action in actions:
        for id in ("abc", "%00", "9" * 5000):
            form = (
                f"csrfmiddlewaretoken={csrf}&action={action}&_selected_action={id}&index=x&select_across={id}&post=yes"
            )
            check("POST", address_of(model), body=form.encode(), **headers)


def staff_request(model: Any) -> Any:
    request = RequestFactory().get(address_of(model))
    request.user = User(is_staff=True, is_superuser=True, is_active=True)
    return request


def test_odd_request_of_each_kind_that_broke_the_admin_is_400(as_carol: dict[str, str], cluster: Any) -> None:
    """C10: the three requests that broke the admin."""
    csrf = "a" * 32
    headers = {"CONTENT_TYPE": FORM, "HTTP_COOKIE": f"{as_carol['HTTP_COOKIE']}; csrf={csrf}"}
    form = f"csrfmiddlewaretoken={csrf}&action=start&_selected_action=abc"
    assert check("GET", "/admin/vps/vps/", "status__exact=%00", **as_carol) == 400
    assert check("POST", "/admin/vps/vps/", body=form.encode(), **headers) == 400
    assert check("GET", "/admin/vps/cluster/", "name__range=x", **as_carol) == 400
