"""What refuses to start, and which variable it names: each case is a process of its own, as in production."""

import base64
import importlib
import os
import secrets
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

import pytest

from ospab_panel.redis_address import broker_url

ROOT = Path(__file__).parents[2]
PLACEHOLDER = "your_secret_api_key_here_min_32_chars_change_this"
SAFE = {
    "SECRET_KEY": "q8Zr2LwVb5nXk1TjS0yHdPfG7cMuEaR4oIiUvB3xNtKlWzJpQs",
    "JWT_SIGNING_KEY": "0f9d3b7a6c5e4821bb90d1c2a3f4e5d6",
    "FIELD_KEYS": "Zm9yLXRlc3RzLW9ubHktZm9yLXRlc3RzLW9ubHktMTI=",
    "VPS_SYNC_API_KEY": "Wq7Xn3Tb9Vc5Rm1Lk8Jh4Gf2Ds6Pa0Zy",
    "PANEL_URL": "https://panel.example.com",
    "DATABASE_URL": "postgresql://panel@localhost/panel",
    "REDIS_URL": "redis://localhost:6379/0",
}
DEMO = {
    "DEMO": "1",
    "PANEL_URL": "http://localhost:5050",
    "VPS_SYNC_API_KEY": PLACEHOLDER,
    "SIMULATOR_URL": "x",
    "SIMULATOR_TLS": "x",
    "SIMULATOR_FINGERPRINT": "x",
    "SIMULATOR_TOKEN": "x",
}


def start(ask: str = "", **changes: str | None) -> tuple[int, str]:
    """The exit code and the last line of a start with these variables, then asked this; None takes one away."""
    env = {name: value for name, value in (SAFE | changes).items() if value is not None}
    env |= {"PATH": os.environ["PATH"]}
    if not ask:
        return forked(env)
    command = [sys.executable, "-W", "ignore", "-c", f"from ospab_panel import settings\n{ask}"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    return done.returncode, last_line(done.stderr or done.stdout)


def forked(env: dict[str, str]) -> tuple[int, str]:
    """The same in a process that has Django loaded already: there are a hundred of these starts."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os._exit(settings_are_read(env))
    os.close(writer)
    with os.fdopen(reader) as printed:
        text = printed.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), last_line(text)


def settings_are_read(env: dict[str, str]) -> int:
    """In the child: what was read of another environment is forgotten first."""
    os.environ.clear()
    os.environ.update(env)
    for name in [name for name in sys.modules if name.partition(".")[0] == "ospab_panel"]:
        del sys.modules[name]
    warnings.simplefilter("ignore")
    try:
        importlib.import_module("ospab_panel.settings")
    except BaseException:  # noqa: BLE001  as the interpreter does, it tells of whatever ends it
        os.write(2, traceback.format_exc().encode())
        return 1
    return 0


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def test_settings_that_are_safe_start() -> None:
    assert start() == (0, "")


def test_settings_of_the_demo_start_with_the_manuals_key() -> None:
    assert start(**DEMO) == (0, "")


@pytest.mark.parametrize("name", SAFE)
def test_settings_name_what_is_missing(name: str) -> None:
    code, line = start(**{name: None})
    assert code != 0
    assert name in line


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 50}, "SECRET_KEY"),
        ({"JWT_SIGNING_KEY": "x" * 31}, "JWT_SIGNING_KEY"),
        ({"FIELD_KEYS": "nonsense"}, "FIELD_KEYS"),
        ({"VPS_SYNC_API_KEY": PLACEHOLDER}, "VPS_SYNC_API_KEY"),
        ({"VPS_SYNC_API_KEY": "x" * 31}, "VPS_SYNC_API_KEY"),
        ({"VPS_SYNC_API_KEY_OLD": PLACEHOLDER}, "VPS_SYNC_API_KEY_OLD"),
        ({"PANEL_URL": "http://panel.example.com"}, "PANEL_URL"),
        ({"PANEL_URL": "panel.example.com"}, "PANEL_URL"),
        ({"DEBUG": "1"}, "DEBUG"),
        (DEMO | {"PANEL_URL": "http://localhost:5050", "DEMO": "0"}, "VPS_SYNC_API_KEY"),
    ],
)
def test_settings_name_what_is_not_safe(changes: dict[str, str], named: str) -> None:
    code, line = start(**changes)
    assert code != 0
    assert named in line


ANOTHER = secrets.token_urlsafe(48)
ZEROS = base64.urlsafe_b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"JWT_SIGNING_KEY": ANOTHER, "SECRET_KEY": ANOTHER},
        {"VPS_SYNC_API_KEY": ANOTHER, "JWT_SIGNING_KEY": f" {ANOTHER} "},
        {"VPS_SYNC_API_KEY": ANOTHER, "SECRET_KEY": ANOTHER},
        {"VPS_SYNC_API_KEY_OLD": SAFE["VPS_SYNC_API_KEY"]},
        {"VPS_SYNC_API_KEY_OLD": SAFE["JWT_SIGNING_KEY"]},
        {"VPS_SYNC_API_KEY": SAFE["FIELD_KEYS"]},
        {"SECRET_KEY": ANOTHER, "DATABASE_URL": f"postgresql://panel:{ANOTHER}@localhost/panel"},
        {"SECRET_KEY": ANOTHER, "REDIS_URL": f"rediss://:{ANOTHER}@localhost:6379/0"},
        {"SECRET_KEY": ANOTHER, "REDIS_URL": f"redis://localhost:6379/0?password={ANOTHER}"},
        {"SECRET_KEY": ANOTHER, "REDIS_URL": f"unix:///run/redis.sock?db=1&password={ANOTHER}"},
        {"JWT_SIGNING_KEY": ANOTHER, "DATABASE_URL": f"postgresql:///panel?host=/run&user=panel&password={ANOTHER}"},
        {"DATABASE_URL": f"postgresql://a:{ANOTHER}@localhost/panel", "REDIS_URL": f"redis://:{ANOTHER}@localhost/0"},
    ],
)
def test_settings_with_one_text_for_two_secrets_name_both(changes: dict[str, str]) -> None:
    """D5: one text for two secrets names both."""
    code, line = start(**changes)
    assert code != 0
    assert "are the same" in line
    assert all(name in line for name in changes)
    assert ANOTHER not in line


def test_settings_take_one_key_twice_for_no_second_key() -> None:
    """D5: one key twice is no second key."""
    code, line = start(FIELD_KEYS=f"{SAFE['FIELD_KEYS']},{SAFE['FIELD_KEYS']}")
    assert (code != 0, "FIELD_KEYS holds one key twice" in line) == (True, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "a" * 64),
        ("JWT_SIGNING_KEY", "ab" * 32),
        ("VPS_SYNC_API_KEY", "1234567890" * 6),
        ("VPS_SYNC_API_KEY_OLD", "correct-horse-battery-staple-" * 3),
        ("SECRET_KEY", "".join(4 * letter for letter in "abcdefghijklmnop")),
        ("SECRET_KEY", "agciekmgaeikcmagkeicmeagkcimaegickmaekgcimagkeciamgekcim"),
    ],
)
def test_settings_refuse_a_secret_that_repeats_itself(name: str, value: str) -> None:
    """D5: a secret that repeats itself is none."""
    code, line = start(**{name: value})
    assert code != 0
    assert f"{name} can be guessed" in line


def test_settings_refuse_an_encryption_key_of_zeros() -> None:
    """D5: an encryption key of zeros is none."""
    for keys in (ZEROS, f"{SAFE['FIELD_KEYS']},{ZEROS}"):
        code, line = start(FIELD_KEYS=keys)
        assert (code != 0, "FIELD_KEYS has a key that can be guessed" in line) == (True, True)


def test_settings_refuse_a_secret_that_no_header_carries() -> None:
    """D5: a secret is of what a header carries."""
    for odd in ("ключ", "\x7f"):
        code, line = start(VPS_SYNC_API_KEY=ANOTHER + odd + ANOTHER)
        assert (code != 0, "VPS_SYNC_API_KEY must be of printable ASCII" in line) == (True, True)


def test_settings_take_secrets_made_at_random() -> None:
    """D5: secrets made at random are taken."""
    for make in (secrets.token_hex, secrets.token_urlsafe):
        made = {
            name: make(64) for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "VPS_SYNC_API_KEY", "VPS_SYNC_API_KEY_OLD")
        }
        assert start(**made) == (0, "")


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        ("*", "too wide"),
        (".", "too wide"),
        (".example.com", "too wide"),
        ("panel.example.com, *.example.com", "too wide"),
        ("https://panel.example.com", "without scheme"),
        ("panel.example.com:443", "without scheme"),
        ("panel.example.com/", "without scheme"),
    ],
)
def test_settings_want_each_host_named_as_a_host(hosts: str, reason: str) -> None:
    """D5: hosts are named each, and as hosts."""
    code, line = start(ALLOWED_HOSTS=hosts)
    assert code != 0
    assert "ALLOWED_HOSTS" in line
    assert reason in line


@pytest.mark.parametrize(
    "url",
    [
        "https://panel.example.com/panel",
        "https://panel.example.com?x=1",
        "https://panel.example.com/#top",
        "https://user:word@panel.example.com",
        "https://@panel.example.com",
        "https://*.example.com",
        "https://панель.рф",
        "https://panel.example.com:99999",
        "https://[",
        "https://panel .example.com",
        "https://panel\t.example.com",
        "ftp://panel.example.com",
        "https://",
    ],
)
def test_settings_want_an_origin_and_no_more_as_the_panels_address(url: str) -> None:
    """D5: the panel's address is an origin and no more."""
    code, line = start(PANEL_URL=url)
    assert code != 0
    assert "ImproperlyConfigured: PANEL_URL" in line


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Panel.Example.com/", "https://panel.example.com"),
        ("https://panel.example.com:443", "https://panel.example.com"),
        ("https://panel.example.com:8443", "https://panel.example.com:8443"),
        ("http://[::1]:5050", "http://[::1]:5050"),
        ("http://[0:0:0:0:0:0:0:1]:5050", "http://[::1]:5050"),
        ("https://[2001:0DB8:0:0::1]/", "https://[2001:db8::1]"),
    ],
)
def test_settings_keep_the_panels_address_as_browsers_write_an_origin(url: str, origin: str) -> None:
    assert start("print(settings.PANEL_URL)", PANEL_URL=url) == (0, origin)


def test_settings_keep_an_ipv6_address_among_the_hosts_as_browsers_name_it() -> None:
    """D6's sibling: one that was taken as it stood, and never answered to."""
    named = "::1, [2001:DB8:0::1], 2001:db8::2, 192.0.2.1"
    kept = "['panel.example.com', '[::1]', '[2001:db8::1]', '[2001:db8::2]', '192.0.2.1']"
    assert start("print(settings.ALLOWED_HOSTS)", ALLOWED_HOSTS=named) == (0, kept)


def test_settings_of_demo_and_debug_serve_this_machine_alone_whoever_stands_in_front() -> None:
    """D5: the demo and debug serve this machine alone, whoever stands in front."""
    local = {"PANEL_URL": "http://localhost:5050", "ALLOWED_HOSTS": "localhost,panel.example.com"}
    for changes, name in (
        (DEMO | {"PANEL_URL": "https://panel.example.com"}, "DEMO"),
        ({"DEBUG": "yes"}, "DEBUG"),
        ({"DEBUG": "yes"} | local, "DEBUG"),
    ):
        code, line = start(**changes)
        assert (code != 0, f"{name} is on while the panel answers to panel.example.com" in line) == (True, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("BEHIND_PROXY", "ja"),
        ("WEBHOOKS_ALLOW_PRIVATE", "2"),
        ("DB_POOL", "many"),
        ("DB_POOL", "-1"),
        ("TIME_ZONE", "Moscow"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("LOG_LEVEL", "loud"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost:many"),
        ("DATABASE_URL", "sqlite:///panel.db"),
        ("DATABASE_URL", "panel"),
        ("DATABASE_URL", "postgresql://["),
        ("SECRET_KEY_FILE", "/nowhere/at/all"),
    ],
)
def test_settings_name_a_value_that_cannot_be_read_in_a_sentence(name: str, value: str) -> None:
    """D5: a value that cannot be read is named in a sentence."""
    code, line = start(**{name: value})
    assert code != 0
    assert f"ImproperlyConfigured: {name} " in line


ASK_WHAT_IS_INSIDE = "print(settings.CLUSTERS_ALLOW_LOCAL, settings.WEBHOOKS_ALLOW_PRIVATE)"


def test_settings_allow_this_machine_and_private_networks_where_asked_to_and_in_the_demo_alone() -> None:
    """D2: this machine and a private network are allowed by whoever asks for it, and by the demo alone."""
    switches = {"CLUSTERS_ALLOW_LOCAL": "yes", "WEBHOOKS_ALLOW_PRIVATE": "yes"}
    assert start(ASK_WHAT_IS_INSIDE) == (0, "False False")
    assert start(ASK_WHAT_IS_INSIDE, **switches) == start(ASK_WHAT_IS_INSIDE, **DEMO) == (0, "True True")


# Links


ASK_LINKS = "print(settings.SITE_URL, settings.PAY_URL, settings.SUPPORT_URL, settings.STATUS_URL, sep='|')"


@pytest.mark.parametrize(
    ("changes", "printed"),
    [
        ({}, "https://ospab.host|||"),
        ({"SUPPORT_EMAIL": "help@example.com"}, "https://ospab.host||mailto:help@example.com|"),
        (
            {
                "SUPPORT_EMAIL": "help@example.com",
                "SUPPORT_URL": "https://ospab.host/help",
                "PAY_URL": "http://pay.lan/x",
            },
            "https://ospab.host|http://pay.lan/x|https://ospab.host/help|",
        ),
    ],
)
def test_settings_lead_pages_to_what_is_named_and_to_support_by_mail(changes: dict[str, str], printed: str) -> None:
    assert start(ASK_LINKS, **changes) == (0, printed)


@pytest.mark.parametrize("name", ["SITE_URL", "PAY_URL", "SUPPORT_URL", "STATUS_URL"])
@pytest.mark.parametrize("address", ["javascript:alert(1)", "ospab.host/pay", "https://", "https://a b/", "https://[x"])
def test_settings_take_nothing_for_a_link_that_is_none(name: str, address: str) -> None:
    assert f"{name} must be such as https://ospab.host/support" in start(**{name: address})[1]


# Mails


SMTP = {
    "SMTP_HOST": "smtp.example.com",
    "SMTP_USER": "panel",
    "SMTP_PASSWORD": "x8Kq!2Lm",
    "MAIL_FROM": "ospab.host <no-reply@example.com>",
}
MAIL_NAMES = ("MAILS_ARE_ON", "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL")
ASK_MAILS = f"print(*[getattr(settings, name) for name in {MAIL_NAMES}], 'send_mails' in settings.CELERY_BEAT_SCHEDULE)"
BY_SMTP, BY_FILES = "accounts.mails.smtp.Backend", "accounts.mails.files.Backend"
LOCAL = {"SMTP_HOST": "localhost", "SMTP_USER": None, "SMTP_PASSWORD": None, "SMTP_SECURITY": "none"}


@pytest.mark.parametrize(
    ("changes", "printed"),
    [
        ({}, f"False {BY_FILES}  0 True False False"),
        (SMTP, f"True {BY_SMTP} smtp.example.com 587 True False True"),
        (SMTP | {"SMTP_SECURITY": "TLS"}, f"True {BY_SMTP} smtp.example.com 465 False True True"),
        (SMTP | {"SMTP_PORT": "2525"}, f"True {BY_SMTP} smtp.example.com 2525 True False True"),
        (SMTP | LOCAL, f"True {BY_SMTP} localhost 25 False False True"),
        (DEMO, f"True {BY_FILES}  0 True False True"),
        (DEMO | SMTP, f"True {BY_SMTP} smtp.example.com 587 True False True"),
    ],
)
def test_settings_send_mails_as_they_are_given_and_none_where_nothing_is(changes: dict[str, str], printed: str) -> None:
    assert start(ASK_MAILS, **changes) == (0, printed)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SMTP_HOST": "https://smtp.example.com"}, "SMTP_HOST is a host's name alone"),
        ({"SMTP_HOST": "smtp.example.com:587"}, "SMTP_HOST is a host's name alone"),
        ({"SMTP_HOST": None}, "SMTP_HOST is missing"),
        ({"SMTP_HOST": None, "SMTP_USER": None, "SMTP_PASSWORD": None}, "MAIL_FROM is set and SMTP_HOST is not"),
        ({"SMTP_PASSWORD": None}, "SMTP_USER and SMTP_PASSWORD go together"),
        ({"SMTP_USER": None}, "SMTP_USER and SMTP_PASSWORD go together"),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY is starttls, tls or none"),
        ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY may be none only where SMTP_HOST names this machine"),
        (LOCAL | {"SMTP_USER": "panel", "SMTP_PASSWORD": "x8Kq!2Lm"}, "SMTP_PASSWORD is not sent in the clear"),
        ({"SMTP_PORT": "0"}, "SMTP_PORT is a port"),
        ({"SMTP_PORT": "smtp"}, "SMTP_PORT is a whole number"),
        ({"MAIL_FROM": None}, "MAIL_FROM is missing"),
        ({"MAIL_FROM": "ospab.host"}, "MAIL_FROM must be an e-mail address"),
        ({"MAIL_FROM": "no-reply@example.com, eve@example.com"}, "MAIL_FROM must be an e-mail address"),
        ({"MAIL_FROM": "a <no-reply@example.com>\nBcc: eve@example.com"}, "MAIL_FROM must be an e-mail address"),
        ({"MAIL_FROM": "почта@example.com"}, "MAIL_FROM must be"),
        ({"SUPPORT_EMAIL": "support"}, "SUPPORT_EMAIL must be an e-mail address"),
        ({"SMTP_PASSWORD": SAFE["JWT_SIGNING_KEY"]}, "JWT_SIGNING_KEY and SMTP_PASSWORD are the same"),
    ],
)
def test_settings_of_mails_that_are_not_safe_or_whole_start_nothing(
    changes: dict[str, str | None], reason: str
) -> None:
    code, line = start(**SMTP | changes)
    assert code != 0
    assert reason in line


# What is empty


DEFAULTS = ("DEBUG", "ALLOWED_HOSTS", "IS_BEHIND_PROXY", "DB_POOL", "WEBHOOKS_ALLOW_PRIVATE", "DATA_DIR", "STATIC_ROOT")
ASK_DEFAULTS = f"print([getattr(settings, name) for name in {(*DEFAULTS, 'TIME_ZONE', 'LOGGING')}])"


def example() -> dict[str, str]:
    """.env.example as a shell or systemd would read it."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines if line and line[0] != "#")}


def test_settings_take_an_empty_variable_for_an_absent_one_whichever_it_is() -> None:
    """D6: an empty variable is an absent one, whichever it is."""
    optional = {name: "" for name in example() if name not in SAFE}
    assert {"ALLOWED_HOSTS", "BEHIND_PROXY", "DB_POOL", "LOG_LEVEL"} <= set(optional)
    assert start(ASK_DEFAULTS, **optional) == start(ASK_DEFAULTS) != (0, "")
    assert start(ASK_DEFAULTS, **dict.fromkeys(optional, "  ")) == start(ASK_DEFAULTS)


@pytest.mark.parametrize("name", SAFE)
def test_settings_name_a_needed_variable_that_is_empty_as_a_missing_one(name: str) -> None:
    """D6: a needed variable that is empty is named as a missing one."""
    code, line = start(**{name: " "})
    assert code != 0
    assert f"{name} is missing" in line


def test_settings_take_no_line_break_at_the_end_of_a_file_for_a_part_of_its_secret(tmp_path: Path) -> None:
    """D6: a file of a secret ends with a line break that is no part of it."""
    file = tmp_path / "key"
    file.write_text(ANOTHER + "\n")
    changes = {"VPS_SYNC_API_KEY": None, "VPS_SYNC_API_KEY_FILE": str(file)}
    assert start("print(settings.MAIN_SITE_API_KEYS)", **changes) == (0, str([ANOTHER]))


def test_settings_take_a_value_as_it_stands_and_no_dollar_sign_names_another() -> None:
    """D6: a value is taken as it stands, and no dollar sign names another."""
    assert start("print(settings.SECRET_KEY)", SECRET_KEY="$" + ANOTHER) == (0, "$" + ANOTHER)


ANSWER = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "ospab_panel.settings"
import django
django.setup()
from django.test import Client
browser = Client(SERVER_NAME="panel.example.com", headers={"x-forwarded-proto": "https"})
print(browser.get("/").status_code, browser.get("/").headers.get("Location"))
"""


def test_settings_of_the_example_copied_and_filled_in_answer() -> None:
    """D6: every request was 400, or sent to itself for ever."""
    filled = {name: SAFE.get(name, value) for name, value in example().items()}
    assert start(ANSWER, **filled) == (0, "302 /login/?next=/")


# Redis


@pytest.mark.parametrize(
    ("redis", "broker"),
    [
        ("redis://localhost:6379/3", "redis://localhost:6379/3"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
        ("redis://localhost:6379?db=3", "redis://localhost:6379/3"),
        ("redis://:p%40ss@[::1]/2?socket_timeout=1", "redis://:p%40ss@[::1]:6379/2"),
        ("unix://panel:p%40ss@/run/redis.sock", "redis+socket://panel:p%40ss@/run/redis.sock?virtual_host=0"),
        ("rediss://localhost:6379/3", "rediss://localhost:6379/3?ssl_cert_reqs=required"),
        ("rediss://localhost/0?ssl_cert_reqs=none", "rediss://localhost:6379/0?ssl_cert_reqs=none"),
        (
            "rediss://localhost/0?ssl_ca_certs=/ca.pem&db=4",
            "rediss://localhost:6379/4?ssl_ca_certs=%2Fca.pem&ssl_cert_reqs=required",
        ),
    ],
)
def test_broker_url_is_of_the_database_that_the_address_names(redis: str, broker: str) -> None:
    assert broker_url(redis) == broker


def test_garbage_collection_looks_once_all_is_loaded_and_not_at_what_stays() -> None:
    ask = "import gc, django; django.setup(); print(gc.isenabled(), gc.get_freeze_count() > 50_000)"
    assert start(ask, DJANGO_SETTINGS_MODULE="ospab_panel.settings") == (0, "True True")
