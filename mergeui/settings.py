"""All settings, driven by the environment (interface.md, Environment)."""

import re
from base64 import urlsafe_b64decode
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from mergeui import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
ROLES = ("viewer", "operator", "approver", "admin")


def _secret_key(raw: str) -> str:
    if len(raw) < 32:
        raise ValueError
    return raw


def _hosts(raw: str) -> list[str]:
    names = env.words(raw)
    # A scheme or a port here would never match, and every page would answer 400.
    if not names or not all(re.fullmatch(r"\*|\.?[\w.-]+|\[[0-9a-f:]+\]", name) for name in names):
        raise ValueError
    return names


def _origins(raw: str) -> list[str]:
    names = env.words(raw)
    if not all(re.fullmatch(r"https?://(\*\.)?[\w.-]+(:\d+)?", name) for name in names):
        raise ValueError
    return names


def _database(raw: str) -> dj_database_url.DBConfig:
    if raw.partition("://")[0] not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError
    parsed = dj_database_url.parse(raw)
    # In memory, every process would have a database of its own.
    if parsed["NAME"] in {"", ":memory:"}:
        raise ValueError
    return parsed


def _web_address(raw: str) -> str:
    if not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError
    return raw.rstrip("/")


def _api_key(raw: str) -> str:
    if raw != "".join(raw.split()) or not raw.isascii() or not raw.isprintable():
        raise ValueError
    return raw


def _encryption_keys(raw: str) -> list[str]:
    keys = env.words(raw)
    if not all(len(urlsafe_b64decode(key)) == 32 and len(key) == 44 for key in keys):
        raise ValueError
    return keys


def _token(raw: str) -> str:
    if raw and len(_api_key(raw)) < 16:
        raise ValueError
    return raw


def _seconds(raw: str) -> tuple[int, ...]:
    numbers = tuple(int(number) for number in raw.split(","))
    if len(numbers) < 3 or list(numbers) != sorted(set(numbers)) or numbers[0] < 0:
        raise ValueError
    return numbers


def _file(raw: str) -> Path:
    if not raw or not raw.isprintable() or Path(raw).is_dir():
        raise ValueError
    return BASE_DIR / raw


def _host(raw: str) -> str:
    if not re.fullmatch(r"[\w.-]+|[0-9a-f:]+", raw, re.ASCII):
        raise ValueError
    return raw


def _port(raw: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", raw) or int(raw) > 65_535:
        raise ValueError
    return int(raw)


def _sender(raw: str) -> str:
    if not raw.isprintable() or not re.fullmatch(r"[^@\s]+@[\w.-]+", parseaddr(raw)[1]):
        raise ValueError
    return raw


def _org_id(raw: str) -> str:
    # It becomes one segment of an address, and a column of 200 characters.
    if not re.fullmatch(r"[\w.~:@-]{1,200}", raw, re.ASCII) or not raw.strip("."):
        raise ValueError
    return raw


def _secret_keys(raw: str) -> list[str]:
    return [_secret_key(word) for word in env.words(raw)]


def _roles(raw: str) -> list[str]:
    named = env.words(raw.lower())
    if not set(named) <= {"all", *ROLES}:
        raise ValueError
    return list(ROLES) if "all" in named else named


def _roles_by_claim(raw: str) -> tuple[tuple[str, str, str], ...]:
    """What a claim says, the role that it gives, and the organisation, empty for the usual one."""
    found = []
    for pair in env.words(raw):
        value, given = pair.rsplit("=", 1)
        role, at, organization = given.partition("@")
        if not value or role not in ROLES or bool(at) != bool(organization):
            raise ValueError
        found.append((value, role, organization))
    return tuple(found)


DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.read("SECRET_KEY", "", _secret_key, "at least 32 characters", secret=True)
if not SECRET_KEY:
    if not DEBUG:
        raise SystemExit(
            "SECRET_KEY: got nothing, but it takes at least 32 random characters"
            " (or set DEBUG=on for a trial on this machine alone)."
        )
    SECRET_KEY = "only-for-a-trial-on-this-machine-with-debug-on"  # noqa: S105  # nosec

# After a change of SECRET_KEY: second factors that were stored under the one before still work.
SECRET_KEY_FALLBACKS: list[str] = env.read(
    "SECRET_KEY_FALLBACKS",
    [],
    _secret_keys,
    "former keys of at least 32 characters, separated by commas",
    secret=True,
)

ALLOWED_HOSTS = env.read(
    "ALLOWED_HOSTS",
    ["localhost", "127.0.0.1"],
    _hosts,
    "host names without scheme and port, such as desk.example.com, separated by commas",
)
CSRF_TRUSTED_ORIGINS: list[str] = env.read(
    "CSRF_TRUSTED_ORIGINS",
    [],
    _origins,
    "addresses with their scheme, such as https://desk.example.com, separated by commas",
)
# Secure cookies and the redirect to https would lock out somebody who tries the product over http
# on their own machine, so they are on as soon as the desk answers to any other name.
HTTPS = env.boolean("HTTPS", default=not DEBUG and bool(set(ALLOWED_HOSTS) - LOOPBACK))
BEHIND_PROXY = env.boolean("BEHIND_PROXY", default=False)
MFA_REQUIRED_ROLES: list[str] = env.read(
    "MFA_REQUIRED_ROLES", [], _roles, f"all, or some of {', '.join(ROLES)}, separated by commas"
)

# Single sign-on by OpenID Connect: on as soon as there is an issuer (docs/sign-on.md).
OIDC_ISSUER = env.read("OIDC_ISSUER", "", _web_address, "an https:// address")
OIDC_CLIENT_ID = env.read("OIDC_CLIENT_ID", "", str, "a client id")
OIDC_CLIENT_SECRET = env.read("OIDC_CLIENT_SECRET", "", str, "a client secret", secret=True)
OIDC_NAME = env.read("OIDC_NAME", "", str, "what the button says behind “Sign in with”")
OIDC_SCOPES = env.read("OIDC_SCOPES", ["openid", "profile"], env.words, "scopes, with commas")
OIDC_ROLES_CLAIM = env.read("OIDC_ROLES_CLAIM", "roles", str, "the name of a claim, dots within")
OIDC_ROLES: tuple[tuple[str, str, str], ...] = env.read(
    "OIDC_ROLES",
    tuple((role, role, "") for role in ROLES),
    _roles_by_claim,
    "value=role or value=role@organisation pairs separated by commas, roles being"
    f" {', '.join(ROLES)}",
)
OIDC_MFA = env.boolean("OIDC_MFA", default=False)
if OIDC_ISSUER and not OIDC_CLIENT_ID:
    raise SystemExit("OIDC_CLIENT_ID: got nothing, but OIDC_ISSUER takes it.")

INVENT_API_URL = env.read(
    "INVENT_API_URL",
    "https://api.useinvent.com",
    _web_address,
    "an https:// address without user and query (http:// only for this machine)",
)
INVENT_API_KEY = env.read(
    "INVENT_API_KEY", "", _api_key, "a key of printable ASCII without spaces", secret=True
)
# What seals the keys that are entered on a page or by a command (sealing.py), the newest first.
ENCRYPTION_KEYS: list[str] = env.read(
    "ENCRYPTION_KEYS",
    [],
    _encryption_keys,
    "keys of `manage.py org new-key`, separated by commas, the newest first",
    secret=True,
)
INVENT_ORG_ID = env.read("INVENT_ORG_ID", "c", _org_id, "an org id, or c for the key's own org")
INVENT_REQUESTS_PER_MINUTE = env.integer(
    "INVENT_REQUESTS_PER_MINUTE", 480, low=1, high=100_000, unit="requests"
)
MERGE_COOL_OFF_SECONDS = env.integer(
    "MERGE_COOL_OFF_SECONDS", 10, low=0, high=86_400, unit="seconds"
)
MERGE_FOUR_EYES = env.choice("MERGE_FOUR_EYES", "risky", ("never", "risky", "always"))
# One person alone: no merge waits for a second one, and every record made so says it.
MERGE_SINGLE_OPERATOR = env.boolean("MERGE_SINGLE_OPERATOR", default=False)
# How long a worker may hold a request before another may look after it, and when the truth of a
# lost answer is looked for (design.md, rules 3 and 4): seconds after the answer was lost.
MERGE_LEASE_SECONDS = env.integer("MERGE_LEASE_SECONDS", 180, low=1, high=3600, unit="seconds")
MERGE_READ_BACK_SECONDS: tuple[int, ...] = env.read(
    "MERGE_READ_BACK_SECONDS",
    (0, 10, 60, 600),
    _seconds,
    "at least three rising numbers of seconds, separated by commas",
)
# How many merges one worker has under way: each waits for its own answers.
MERGE_AT_ONCE = env.integer("MERGE_AT_ONCE", 4, low=1, high=32, unit="merges")
# What was sent, noted outside the database; and a note of the history's head kept elsewhere, for
# the worker to compare with at its start (docs/history.md, Anchors).
MERGE_JOURNAL = env.read("MERGE_JOURNAL", None, _file, "the path of a file")
AUDIT_ANCHOR = env.read("AUDIT_ANCHOR", None, _file, "the path of a file")
# How long what nobody decided about is kept (merging/retention.py); 0 keeps it for good.
RETENTION_DAYS = env.integer("RETENTION_DAYS", 365, low=0, high=36_500, unit="days")
SYNC_EVERY_SECONDS = env.integer("SYNC_EVERY_SECONDS", 900, low=1, high=86_400 * 7, unit="seconds")

# E-mail is off until whoever runs the desk wants it; names and meanings are Django's own.
NOTIFY_BY_EMAIL = env.boolean("NOTIFY_BY_EMAIL", default=False)
NOTIFY_EVERY_MINUTES = env.integer(
    "NOTIFY_EVERY_MINUTES", 30, low=1, high=60 * 24 * 7, unit="minutes"
)
DESK_URL = env.read(
    "DESK_URL", "", _web_address, "the address of this desk, such as https://desk.example.com"
)
DEFAULT_FROM_EMAIL = env.read(
    "DEFAULT_FROM_EMAIL", "", _sender, "an address, such as Merge desk <desk@example.com>"
)
EMAIL_HOST = env.read("EMAIL_HOST", "localhost", _host, "the name of a mail server")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.boolean("EMAIL_USE_SSL", default=False)
EMAIL_PORT = env.read(
    "EMAIL_PORT",
    465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25,
    _port,
    "a port from 1 to 65535",
)
EMAIL_HOST_USER = env.read("EMAIL_HOST_USER", "", str, "a user name")
EMAIL_HOST_PASSWORD = env.read("EMAIL_HOST_PASSWORD", "", str, "a password", secret=True)
EMAIL_TIMEOUT = 20
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise SystemExit("EMAIL_USE_SSL: got on, but it takes off while EMAIL_USE_TLS is on.")
for _name, _value in {"DESK_URL": DESK_URL, "DEFAULT_FROM_EMAIL": DEFAULT_FROM_EMAIL}.items():
    if NOTIFY_BY_EMAIL and not _value:
        raise SystemExit(f"{_name}: got nothing, but NOTIFY_BY_EMAIL=on takes it.")

DATABASES = {
    "default": env.read(
        "DATABASE_URL",
        dj_database_url.parse("sqlite:///var/mergeui.sqlite3"),
        _database,
        "sqlite:///path/to/file or postgres://user:password@host/name",
        secret=True,
    )
}
_database_settings = DATABASES["default"]
if _database_settings["ENGINE"] == "django.db.backends.sqlite3":
    _database_settings["ENGINE"] = "mergeui.sqlite3"
    _path = Path(_database_settings["NAME"])
    _database_settings["NAME"] = str(_path if _path.is_absolute() else BASE_DIR / _path)
    _directory = Path(_database_settings["NAME"]).parent
    try:
        _directory.mkdir(parents=True, exist_ok=True)
    except OSError as _error:
        raise SystemExit(
            f"DATABASE_URL: got a path in {str(_directory)!r}, which can't be made"
            f" ({_error.strerror}), but it takes one in a directory that can be written to."
        ) from None
    # IMMEDIATE: a deferred transaction that reads and then writes fails at once with "locked".
    # FULL: an attempt is on the disk before the first byte of its call is sent (design.md, rule 2).
    # The cache (8 MB at most, 2 by default) holds the pages of indexes that are met again,
    # the system the whole file. Each connection has one of its own: a sync grew by a third until
    # 32 MB were full, and was no quicker.
    # Opening the file, its settings and its schema is a quarter of a small page; kept for a minute,
    # a connection holds on to no more than what that minute has read.
    _database_settings["CONN_MAX_AGE"] = 60
    _database_settings["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192;"
        ),
    }
else:
    _database_settings["CONN_MAX_AGE"] = 60
    _database_settings["CONN_HEALTH_CHECKS"] = True
    # A pool by transaction (deploy/pgbouncer.ini) hands out another connection after each.
    _database_settings["DISABLE_SERVER_SIDE_CURSORS"] = True
    _database_settings.setdefault("OPTIONS", {}).setdefault(
        "options",
        "-c synchronous_commit=on -c lock_timeout=20s -c idle_in_transaction_session_timeout=60s",
    )

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["mergeui.web.backend.MemberBackend"]

INSTALLED_APPS = [
    "mergeui.accounts",
    "mergeui.audit",
    "mergeui.review",
    "mergeui.merging",
    "mergeui.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "mergeui.web.middleware.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "mergeui.web.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mergeui.web.reader.ReaderMiddleware",
    "mergeui.web.middleware.ProblemMiddleware",
]

ROOT_URLCONF = "mergeui.urls"
WSGI_APPLICATION = "mergeui.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mergeui.web.context.desk",
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "django_htmx.templatetags.django_htmx",
                "django.templatetags.static",
            ],
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "queue"
# Names of django-allauth. A name and a password, no mail; tries are counted by whoever is named
# and by where they come from, in the cache that all processes share. A team that comes to work
# behind one address at one hour is not locked out: what is right is not counted as a guess.
ACCOUNT_ADAPTER = "mergeui.web.signin.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
}
MFA_ADAPTER = "mergeui.web.signin.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SOCIALACCOUNT_ADAPTER = "mergeui.web.signin.company.CompanyAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER, "scope": OIDC_SCOPES},
            }
        ],
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_shared",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "mergeui.web.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# A browser takes such a name from this host alone, over https and for all of its paths: no other
# host of the domain can plant one. Over http it would take none at all.
_HOST_ONLY = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_HOST_ONLY}sessionid"
CSRF_COOKIE_NAME = f"{_HOST_ONLY}csrftoken"
MESSAGES_COOKIE_NAME = f"{_HOST_ONLY}messages"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "mergeui.web.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/", r"^metrics$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# A choice in a large group has two fields a contact.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# Nothing is loaded from elsewhere, nothing inline runs (design.md, rule 10), so there is nothing
# that would need a nonce.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Whoever signs in chooses both for themselves; these serve commands, the worker and files.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

MESSAGE_STORAGE = "mergeui.web.messages.Messages"

METRICS_TOKEN = env.read(
    "METRICS_TOKEN", "", _token, "at least 16 printable characters without spaces", secret=True
)
LOG_FORMAT = env.choice("LOG_FORMAT", "lines", ("lines", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "mergeui.logs.Lines"}, "json": {"()": "mergeui.logs.Json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # httpx logs whole addresses, and `?email=` is personal data.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # Django's own handlers would write the same once more, and mail it.
        "django": {"handlers": [], "level": "INFO"},
        # Its own lines of a refused page have the address, which may hold a name; the answers are
        # in the log of the server.
        "django.request": {"level": "ERROR"},
    },
}
