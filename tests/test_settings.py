"""The environment, as interface.md has it: defaults, good values, bad values.

Each case is a start of its own, since settings are read once in the life of a process.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = "k" * 40
SHOW = "import json, mergeui.settings as s; print(json.dumps(s.{}, default=str))"


def start(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these variables and no others of ours."""
    measuring = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    own = {"PATH": os.environ["PATH"], "SECRET_KEY": SECRET_KEY} | measuring
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={name: value for name, value in (own | environment).items() if value != "unset"},
        capture_output=True,
        text=True,
        check=False,
    )


def setting(name: str, **environment: str) -> Any:
    answer = start("-c", SHOW.format(name), **environment)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def refusal(**environment: str) -> str:
    """The one line with which `manage.py check` ends."""
    answer = start("manage.py", "check", **environment)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    return answer.stderr.strip()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DEBUG", False),
        ("ALLOWED_HOSTS", ["localhost", "127.0.0.1"]),
        ("CSRF_TRUSTED_ORIGINS", []),
        ("HTTPS", False),
        ("BEHIND_PROXY", False),
        ("INVENT_API_URL", "https://api.useinvent.com"),
        ("INVENT_API_KEY", ""),
        ("ENCRYPTION_KEYS", []),
        ("MERGE_SINGLE_OPERATOR", False),
        ("INVENT_ORG_ID", "c"),
        ("INVENT_REQUESTS_PER_MINUTE", 480),
        ("MERGE_COOL_OFF_SECONDS", 10),
        ("MERGE_FOUR_EYES", "risky"),
        ("MERGE_AT_ONCE", 4),
        ("MERGE_LEASE_SECONDS", 180),
        ("MERGE_READ_BACK_SECONDS", [0, 10, 60, 600]),
        ("MERGE_JOURNAL", None),
        ("AUDIT_ANCHOR", None),
        ("SYNC_EVERY_SECONDS", 900),
        ("NOTIFY_BY_EMAIL", False),
        ("NOTIFY_EVERY_MINUTES", 30),
        ("EMAIL_HOST", "localhost"),
        ("EMAIL_PORT", 25),
    ],
)
def test_default(name: str, expected: object) -> None:
    assert setting(name) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", "on", True),
        ("DEBUG", "1", True),
        ("DEBUG", "No", False),
        ("DEBUG", "", False),
        ("SECRET_KEY", "s" * 32, "s" * 32),
        ("ALLOWED_HOSTS", "desk.example.com, .example.org,[::1]", None),
        ("ALLOWED_HOSTS", "*", ["*"]),
        ("CSRF_TRUSTED_ORIGINS", "https://desk.example.com:8443", None),
        ("HTTPS", "on", True),
        ("BEHIND_PROXY", "on", True),
        ("INVENT_API_URL", "https://invent.example.com/", "https://invent.example.com"),
        ("INVENT_API_URL", "http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("INVENT_API_KEY", " inv_123 ", "inv_123"),
        ("INVENT_ORG_ID", "org_42", "org_42"),
        ("INVENT_REQUESTS_PER_MINUTE", "1", 1),
        ("MERGE_COOL_OFF_SECONDS", "0", 0),
        ("MERGE_FOUR_EYES", "always", "always"),
        ("MFA_REQUIRED_ROLES", "Approver, admin", ["approver", "admin"]),
        ("MFA_REQUIRED_ROLES", "all", ["viewer", "operator", "approver", "admin"]),
        ("SECRET_KEY_FALLBACKS", "s" * 32, ["s" * 32]),
        ("OIDC_ROLES", "a=b=viewer, c=admin", [["a=b", "viewer", ""], ["c", "admin", ""]]),
        ("OIDC_ROLES", "p@q=viewer@org_b", [["p@q", "viewer", "org_b"]]),
        ("OIDC_SCOPES", "openid, groups", ["openid", "groups"]),
        ("MERGE_LEASE_SECONDS", "60", 60),
        ("MERGE_READ_BACK_SECONDS", "1, 2,30", [1, 2, 30]),
        ("SYNC_EVERY_SECONDS", "60", 60),
        ("NOTIFY_EVERY_MINUTES", "5", 5),
        ("DESK_URL", "https://desk.example.com/", "https://desk.example.com"),
        ("DEFAULT_FROM_EMAIL", "Merge desk <desk@example.com>", "Merge desk <desk@example.com>"),
        ("EMAIL_HOST", "smtp.example.com", "smtp.example.com"),
        ("EMAIL_PORT", "2525", 2525),
        ("EMAIL_HOST_PASSWORD", "s p", "s p"),
    ],
)
def test_good_value(name: str, value: str, expected: object) -> None:
    wanted = value.replace(" ", "").split(",") if expected is None else expected
    assert setting(name, **{name: value}) == wanted


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("DEBUG", "maybe", "on or off"),
        ("HTTPS", "2", "on or off"),
        ("BEHIND_PROXY", "nginx", "on or off"),
        ("ALLOWED_HOSTS", "", "host names without scheme and port"),
        ("ALLOWED_HOSTS", "https://desk.example.com", "host names without scheme and port"),
        ("ALLOWED_HOSTS", "localhost,desk.example.com:8000", "host names"),
        ("CSRF_TRUSTED_ORIGINS", "desk.example.com", "addresses with their scheme"),
        ("CSRF_TRUSTED_ORIGINS", "https://desk.example.com/", "addresses with their scheme"),
        ("INVENT_API_URL", "", "an https:// address"),
        ("INVENT_API_URL", "api.useinvent.com", "an https:// address"),
        ("INVENT_API_URL", "http://api.useinvent.com", "http:// only for this machine"),
        ("INVENT_API_URL", "https://api.useinvent.com?x=1", "without user and query"),
        ("INVENT_API_URL", "https://api.useinvent.com:port", "an https:// address"),
        ("INVENT_API_URL", "ftp://127.0.0.1", "an https:// address"),
        ("INVENT_API_URL", "https://api useinvent.com", "an https:// address"),
        ("INVENT_ORG_ID", "", "an org id"),
        ("INVENT_ORG_ID", "a/b", "an org id"),
        ("INVENT_ORG_ID", "..", "an org id"),
        ("INVENT_ORG_ID", "o" * 201, "an org id"),
        ("INVENT_REQUESTS_PER_MINUTE", "0", "requests from 1 to 100000"),
        ("INVENT_REQUESTS_PER_MINUTE", "fast", "requests from 1 to 100000"),
        ("MERGE_COOL_OFF_SECONDS", "-1", "seconds from 0 to 86400"),
        ("MERGE_COOL_OFF_SECONDS", "1.5", "seconds from 0 to 86400"),
        ("MERGE_COOL_OFF_SECONDS", "1_0", "seconds from 0 to 86400"),
        ("MERGE_COOL_OFF_SECONDS", "٣", "seconds from 0 to 86400"),
        ("MERGE_FOUR_EYES", "Risky", "one of never, risky, always"),
        ("MERGE_AT_ONCE", "33", "merges from 1 to 32"),
        ("OIDC_ISSUER", "http://idp.example.com", "an https:// address"),
        ("OIDC_ROLES", "desk=owner", "value=role"),
        ("OIDC_ROLES", "desk", "value=role"),
        ("MFA_REQUIRED_ROLES", "owner", "all, or some of viewer, operator, approver, admin"),
        ("MERGE_LEASE_SECONDS", "0", "seconds from 1 to 3600"),
        ("MERGE_READ_BACK_SECONDS", "60", "at least three rising numbers of seconds"),
        ("MERGE_READ_BACK_SECONDS", "0,60,10", "at least three rising numbers of seconds"),
        ("MERGE_READ_BACK_SECONDS", "0,x,10", "at least three rising numbers of seconds"),
        ("MERGE_JOURNAL", "/", "the path of a file"),
        ("AUDIT_ANCHOR", "", "the path of a file"),
        ("SYNC_EVERY_SECONDS", "", "seconds from 1 to 604800"),
        ("NOTIFY_BY_EMAIL", "sometimes", "on or off"),
        ("NOTIFY_EVERY_MINUTES", "0", "minutes from 1 to 10080"),
        ("DESK_URL", "desk.example.com", "the address of this desk"),
        ("DEFAULT_FROM_EMAIL", "desk", "an address, such as"),
        ("EMAIL_HOST", "smtp://mail", "the name of a mail server"),
        ("EMAIL_PORT", "0", "a port from 1 to 65535"),
    ],
)
def test_bad_value(name: str, value: str, takes: str) -> None:
    line = refusal(**{name: value})
    assert line.startswith(f"{name}: got {value[:100]!r}, but it takes ")
    assert takes in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("INVENT_API_KEY", "inv 123"),
        ("INVENT_API_KEY", "schlüssel"),
        ("INVENT_API_URL", "https://me:hidden@api.useinvent.com"),
        ("DATABASE_URL", "mysql://me:hidden@host/desk"),
        ("DATABASE_URL", "postgres://me:hidden@host"),
        ("DATABASE_URL", "postgres://me:hidden@host:port/desk"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_URL", ""),
    ],
)
def test_bad_secret_is_not_shown(name: str, value: str) -> None:
    line = refusal(**{name: value})
    assert line.startswith(f"{name}: got a value that is not shown, but it takes ")
    assert "hidden" not in line
    assert not value or value not in line


def test_without_a_secret_key_the_start_says_what_to_do() -> None:
    line = refusal(SECRET_KEY="unset")
    assert line.startswith("SECRET_KEY: got nothing, but it takes at least 32 random characters")


def test_with_debug_on_a_secret_key_is_there() -> None:
    assert len(setting("SECRET_KEY", SECRET_KEY="unset", DEBUG="on")) >= 32


@pytest.mark.parametrize(("name", "port"), [("EMAIL_USE_TLS", 587), ("EMAIL_USE_SSL", 465)])
def test_the_usual_port_of_a_mail_server(name: str, port: int) -> None:
    assert setting("EMAIL_PORT", **{name: "on"}) == port


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"NOTIFY_BY_EMAIL": "on"}, "DESK_URL: got nothing, but NOTIFY_BY_EMAIL=on takes it."),
        (
            {"NOTIFY_BY_EMAIL": "on", "DESK_URL": "https://desk.example.com"},
            "DEFAULT_FROM_EMAIL: got nothing, but NOTIFY_BY_EMAIL=on takes it.",
        ),
        (
            {"EMAIL_USE_TLS": "on", "EMAIL_USE_SSL": "on"},
            "EMAIL_USE_SSL: got on, but it takes off while EMAIL_USE_TLS is on.",
        ),
    ],
)
def test_what_mail_needs(environment: dict[str, str], line: str) -> None:
    assert refusal(**environment) == line


def test_sqlite_is_durable_and_takes_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "new" / "desk.sqlite3"
    database = setting("DATABASES", DATABASE_URL=f"sqlite:///{path}")["default"]
    assert database["NAME"] == str(path)
    assert path.parent.is_dir()
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert "synchronous=FULL" in database["OPTIONS"]["init_command"]
    assert database["OPTIONS"]["timeout"] >= 20


def test_a_relative_path_is_one_of_the_project() -> None:
    database = setting("DATABASES", DATABASE_URL="sqlite:///var/mergeui.sqlite3")["default"]
    assert database["NAME"] == str(ROOT / "var" / "mergeui.sqlite3")


def test_a_directory_that_cannot_be_made_is_named() -> None:
    line = refusal(DATABASE_URL="sqlite:////dev/null/desk.sqlite3")
    assert line.startswith("DATABASE_URL: got a path in '/dev/null', which can't be made")


def test_postgresql() -> None:
    url = "postgres://me:hidden@db.example.com:5433/desk"
    database = setting("DATABASES", DATABASE_URL=url)["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == (
        "db.example.com",
        5433,
        "desk",
    )
    assert database["CONN_HEALTH_CHECKS"]
    for option in ("synchronous_commit=on", "lock_timeout=", "idle_in_transaction"):
        assert option in database["OPTIONS"]["options"]


def test_another_host_name_asks_for_https() -> None:
    assert setting("SESSION_COOKIE_SECURE", ALLOWED_HOSTS="desk.example.com") is True
    assert setting("SECURE_SSL_REDIRECT", ALLOWED_HOSTS="desk.example.com") is True
    assert setting("SESSION_COOKIE_SECURE", ALLOWED_HOSTS="desk.example.com", HTTPS="off") is False
