"""All settings of the panel, read from the environment; .env.example explains each variable. Loaded by Django alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from redis.backoff import NoBackoff
from redis.retry import Retry

from ospab_panel import environment, introduction, mail_address
from ospab_panel.outside_links import web_address
from ospab_panel.own_address import allowed_hosts, panel_url, refuse_unsafe
from ospab_panel.redis_address import broker_url
from ospab_panel.safe_values import field_keys, password_in, refuse_same, secret

BASE_DIR = Path(__file__).resolve().parent.parent

# Who we are and how safe we must be
DEBUG = environment.flag("DEBUG", False)
DEMO = environment.flag("DEMO", False)
PANEL_URL, PANEL_HOST, IS_HTTPS = panel_url("PANEL_URL")
ALLOWED_HOSTS = allowed_hosts("ALLOWED_HOSTS", PANEL_HOST)
refuse_unsafe(debug=DEBUG, demo=DEMO, hosts=[PANEL_HOST] if DEMO else ALLOWED_HOSTS)
if DEMO:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

# The simulated cluster that the launcher started, for the demo's data alone
DEMO_CLUSTER = (
    {name: environment.text(f"SIMULATOR_{name.upper()}") for name in ("url", "tls", "fingerprint", "token")}
    if DEMO
    else {}
)

SECRET_KEY = secret("SECRET_KEY", demo=DEMO)
JWT_SIGNING_KEY = secret("JWT_SIGNING_KEY", demo=DEMO)
FIELD_KEYS = field_keys("FIELD_KEYS")
MAIN_SITE_API_KEYS = [secret("VPS_SYNC_API_KEY", demo=DEMO)]
if old_key := secret("VPS_SYNC_API_KEY_OLD", demo=DEMO, default=""):
    MAIN_SITE_API_KEYS.append(old_key)
SMTP = mail_address.smtp_host()
refuse_same(
    {
        "SECRET_KEY": SECRET_KEY,
        "JWT_SIGNING_KEY": JWT_SIGNING_KEY,
        "FIELD_KEYS": FIELD_KEYS,
        "VPS_SYNC_API_KEY": MAIN_SITE_API_KEYS[0],
        "VPS_SYNC_API_KEY_OLD": old_key,
        "SMTP_PASSWORD": SMTP.password,
        "the password in DATABASE_URL": password_in(environment.text("DATABASE_URL")),
        "the password in REDIS_URL": password_in(environment.text("REDIS_URL")),
    }
)

# What it is made of
INSTALLED_APPS = [
    "ospab_panel.apps.PanelAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "web",
    "accounts",
    "vps",
    "ospab_panel.apps.LoadedConfig",
]
MIDDLEWARE = [
    "web.middleware.give_request_id",
    "web.compression.CompressionMiddleware",
    "ospab_panel.middleware.keep_secrets_sealed",
    "vps.api.call_log.log_main_site_calls",
    "web.health.accept_any_host",
    "django.middleware.security.SecurityMiddleware",
    "ospab_panel.stacks.Stacks",
    "web.middleware.keep_private_pages_uncached",
    "web.error_responses.PanelErrorMiddleware",
]
API_MIDDLEWARE = [
    "ospab_panel.middleware.serve_programs",
    "ospab_panel.middleware.refuse_bodies",
    "web.odd_requests.refuse_odd_requests",
]
PAGE_MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ospab_panel.middleware.PanelLocaleMiddleware",
    "ospab_panel.middleware.refuse_bodies",
    "web.odd_requests.refuse_odd_requests",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.pages.session_end.announce_session_end",
]
# Django looks in MIDDLEWARE alone for what the admin and browsers need, which is in PAGE_MIDDLEWARE.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410", "security.W002", "security.W003"]
ROOT_URLCONF = "ospab_panel.urls"
WSGI_APPLICATION = "ospab_panel.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "web.links.links",
            ],
        },
    }
]

# PostgreSQL. The pool is for the web; Celery opens a connection a process, for it closes pools between tasks.
DATABASES: dict[str, dict[str, Any]] = {"default": environment.database("DATABASE_URL")}
DATABASES["default"] |= {"ENGINE": "ospab_panel.database", "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
# A database whose machine is gone says nothing, not even that: whoever waits for it learns so within half a minute.
DATABASES["default"]["OPTIONS"] |= {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
DATABASES["default"]["OPTIONS"] |= {"tcp_user_timeout": 25_000}
# Who is paused in the middle of a transaction holds its rows no longer: none waits for anything but the database.
PATIENCE = "-c idle_in_transaction_session_timeout=20s"
if DB_POOL := environment.number("DB_POOL", 8):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DB_POOL, "timeout": 2}
else:
    # Each task finds out whether its connection is well, so one is kept for as long as it is.
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    # A worker whose machine is gone frees its locks within half a minute, and not after two hours.
    keepalive = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    PATIENCE += f" {keepalive}"
DATABASES["default"]["OPTIONS"].setdefault("options", PATIENCE)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: everything in it may be lost at any time. Left to itself redis-py asks a dead one ten times over, for seconds.
REDIS_URL = environment.redis("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "panel",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 1)},
    }
}

# Celery is a doorbell: rows in PostgreSQL say what is to be done, and the sweeper finds what no bell rang for.
# Loaded by the first bell, and not by what may never ring.
BROKER_APPLICATION = "ospab_panel.celery.app"
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# A round takes a moment, and what is shown is to be of the last 10 s.
RECONCILE_SECONDS = 9
CELERY_BEAT_SCHEDULE = {
    # What nobody took in time is not done many times over; but a message expires by the clock of whoever takes it.
    name: {"task": f"vps.{name}", "schedule": float(seconds), "options": {"expires": 60}}
    for name, seconds in (
        ("reconcile_all", RECONCILE_SECONDS),
        ("enforce_suspensions", 10),
        ("bind_by_name", 30),
        ("find_addresses", 15),
        ("deliver_all", 5),
        ("forget", 3600),
    )
}

# Webhooks go to public addresses by https alone, unless the receiver is meant to be inside, as the demo's is.
WEBHOOKS_ALLOW_PRIVATE = environment.flag("WEBHOOKS_ALLOW_PRIVATE", DEMO)

# Mails. Without an SMTP host there are none, but for the demo: it puts them into files, and a page shows them.
MAILS_ARE_ON = bool(SMTP.host) or DEMO
EMAIL_BACKEND = "accounts.mails.smtp.Backend" if SMTP.host else "accounts.mails.files.Backend"
EMAIL_HOST, EMAIL_PORT = SMTP.host, SMTP.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = SMTP.user, SMTP.password
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP.security == "starttls", SMTP.security == "tls"
EMAIL_TIMEOUT = 10
MAIL_FROM = mail_address.sender(
    "MAIL_FROM", is_needed=bool(SMTP.host), default="ospab.host <no-reply@example.com>" if DEMO else ""
)
SUPPORT_EMAIL = mail_address.mailbox("SUPPORT_EMAIL", "support@example.com" if DEMO else "")
if MAILS_ARE_ON:
    CELERY_BEAT_SCHEDULE["send_mails"] = {
        "task": "accounts.send_mails",
        "schedule": 5.0,
        "options": {"expires": 60},
    }

# Where pages lead beside their own, each only where it is set
SITE_URL = web_address("SITE_URL", "https://ospab.host")
PAY_URL = web_address("PAY_URL")
SUPPORT_URL = web_address("SUPPORT_URL") or (f"mailto:{SUPPORT_EMAIL}" if SUPPORT_EMAIL else "")
STATUS_URL = web_address("STATUS_URL")

# Clusters are other machines, unless the panel runs on the hypervisor itself, or in the demo.
CLUSTERS_ALLOW_LOCAL = environment.flag("CLUSTERS_ALLOW_LOCAL", DEMO)

# Servers that come without a placement are bound to the one guest of their name, unless this is off.
BIND_BY_NAME = environment.flag("BIND_BY_NAME", True)

# Who is calling
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.UsernameOrEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "vps:list"
LOGOUT_REDIRECT_URL = "accounts:login"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["web.json_body.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "web.json_body.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "web.error_responses.api_exception",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "web.openapi.endpoint.EndpointSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ospab.host panel",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": introduction.TEXT,
    "TAGS": [{"name": name} for name in introduction.TAGS],
    "PREPROCESSING_HOOKS": ["web.openapi.document.in_order"],
    "POSTPROCESSING_HOOKS": ["vps.api.webhook_shapes.with_webhooks", "web.openapi.document.with_components"],
    "SORT_OPERATIONS": False,
}
SIMPLE_JWT = {
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ALGORITHM": "HS256",
    "AUDIENCE": "ospab-panel",
    "ISSUER": "ospab-panel",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "UPDATE_LAST_LOGIN": False,
}

# What browsers are to do
IS_BEHIND_PROXY = environment.flag("BEHIND_PROXY", IS_HTTPS)
if IS_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "web.error_responses.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# A browser names the page's origin: sockets and forms are taken from ours, whatever host a proxy writes into the request.
WS_ORIGINS = [PANEL_URL]
if DEMO:
    WS_ORIGINS += [PANEL_URL.replace("localhost", "127.0.0.1")]
CSRF_TRUSTED_ORIGINS = WS_ORIGINS

# Words and times
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = environment.time_zone("TIME_ZONE")
USE_TZ = True

# Files
DATA_DIR = BASE_DIR / environment.text("DATA_DIR", ".data")
MAIL_DIR = DATA_DIR / "mail"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / environment.text("STATIC_ROOT", str(DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where the pages' markup is written: what no word there names is cut from the stylesheet that they are built on.
MARKUP_FOLDERS = [BASE_DIR / name for name in ("templates", "static", "ospab_panel", "vps", "accounts", "web")]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "ospab_panel.npm_finder.NpmFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "ospab_panel.static_storage.CompressedStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# No page takes files: what is sent of them is let pass, and nothing is written to disk.
FILE_UPLOAD_HANDLERS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "accounts.log_line.WithoutLinks",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        }
    },
    "filters": {"request_id": {"()": "web.request_id.WithRequestId"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": environment.log_level("LOG_LEVEL")},
    "loggers": {"httpx": {"level": "WARNING"}},
}
