"""The real settings, under an environment of the tests' own.

The environment is emptied of what somebody has set for their desk, so that no test can touch it,
and every run gets its own directory and database: several runs may go on beside each other.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests import postgres

VARIABLES = (
    "DEBUG",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "MFA_REQUIRED_ROLES",
    "OIDC_CLIENT_SECRET",
    "OIDC_MFA",
    "OIDC_NAME",
    "OIDC_ROLES",
    "OIDC_ROLES_CLAIM",
    "OIDC_SCOPES",
    "SECRET_KEY_FALLBACKS",
    "HTTPS",
    "BEHIND_PROXY",
    "INVENT_API_URL",
    "ENCRYPTION_KEYS",
    "INVENT_ORG_ID",
    "NOTIFY_BY_EMAIL",
    "NOTIFY_EVERY_MINUTES",
    "DESK_URL",
    "DEFAULT_FROM_EMAIL",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_USE_TLS",
    "EMAIL_USE_SSL",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "MERGE_AT_ONCE",
    "LOG_FORMAT",
    "METRICS_TOKEN",
    "PROMETHEUS_MULTIPROC_DIR",
    "MERGE_COOL_OFF_SECONDS",
    "MERGE_FOUR_EYES",
    "MERGE_SINGLE_OPERATOR",
    "AUDIT_ANCHOR",
    "MERGE_JOURNAL",
    "MERGE_LEASE_SECONDS",
    "MERGE_READ_BACK_SECONDS",
    "RETENTION_DAYS",
    "SYNC_EVERY_SECONDS",
)


def own_directory() -> Path:
    """A directory for this run; the processes of pytest-xdist share that of the first one."""
    if "MERGEUI_TEST_DIR" not in os.environ:
        path = tempfile.mkdtemp(prefix="mergeui-tests-")
        os.environ["MERGEUI_TEST_DIR"] = path
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(os.environ["MERGEUI_TEST_DIR"])


def database_url(directory: Path) -> str:
    """SQLite in a file, as in production, or with `--postgres` a cluster for this run.

    Django reads its settings before pytest has read our options, hence the look at `sys.argv`;
    conftest.py makes sure that the two agree. A process of pytest-xdist inherits what the first
    process started.
    """
    if "--postgres" in sys.argv and "MERGEUI_TEST_POSTGRES" not in os.environ:
        os.environ["MERGEUI_TEST_POSTGRES"] = postgres.start().url
    return os.environ.get("MERGEUI_TEST_POSTGRES") or f"sqlite:///{directory}/desk.sqlite3"


DIRECTORY = own_directory()
for _name in VARIABLES:
    os.environ.pop(_name, None)
os.environ["SECRET_KEY"] = "only-for-the-tests-" + 16 * "0123"
os.environ["INVENT_API_KEY"] = "key-of-the-tests"
# A company's sign-in where nobody answers: tests of it put somebody there.
os.environ |= {"OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": "desk"}
# Tests of the budget have their own; here nobody waits for it.
os.environ["INVENT_REQUESTS_PER_MINUTE"] = "100000"
os.environ["DATABASE_URL"] = database_url(DIRECTORY)
# Playwright's synchronous interface keeps an event loop running in the thread of the tests.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from mergeui.settings import *  # noqa: E402, F403
from mergeui.settings import DATABASES, STORAGES  # noqa: E402

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # In a file: threads and the live server then meet the locks that they meet in production.
    DATABASES["default"]["TEST"] = {"NAME": str(DIRECTORY / "test.sqlite3")}
    # Rows come backwards where nobody asked for an order: what leans on one shows here, and not
    # once in a hundred runs on PostgreSQL.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA reverse_unordered_selects=ON;"

VAR_DIR = DIRECTORY
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Static files as they lie in static/, without the collecting that a start in production needs.
STATIC_ROOT = DIRECTORY / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_USE_FINDERS = True
# Looked for when somebody asks: every client of a test would list them all at its first request.
WHITENOISE_AUTOREFRESH = True
