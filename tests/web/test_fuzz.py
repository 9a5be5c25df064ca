"""Whatever is sent to whatever address by whoever: never a 500.

A slice of it runs with the tests, always the same one; `make fuzz` looks for longer, and elsewhere
each time. The names of the fields are read out of the templates and the views.
"""

import inspect
import os
import re
import sys
from pathlib import Path
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from mergeui.web.matrix import EVERYBODY, addresses
from mergeui.web.urls import urlpatterns
from tests.web.cast import HTMX
from tests.web.walker import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
ADDRESSES = addresses()
VIEWS = {pattern.name: pattern.callback for pattern in urlpatterns}
ODD = [
    "", " ", "0", "-1", "1", "9" * 25, "1" + "0" * 400, "1e9", "1.5", "²", "٣", "NaN", "on", "all",
    "a\x00b", "\ufffd", "\u202eevil", "<script>alert(1)</script>", "'; DROP TABLE x; --", "%", "_",
    "{{ 7*7 }}", "{name}", "%(name)s", "../../etc/passwd", "//evil.example/", "javascript:alert(1)",
    "http://[", "https://evil.example\\@desk/", "\r\nSet-Cookie: a=b", "x" * 5_000, "\\", '"', "[]",
    "{}", "null", "[[[[", '{"publicKey": 1}', "2026-02-30", "0000-00-00", "9999-12-31T23:59:59Z",
    "0001-01-01", "2026-11-24", "change", "UTC", "Mars/Olympus", "es", "xx", "state=open&q=%00",
    "merge", "dismiss", "snooze", "admin", "viewer", "gAAAAA==",
]  # fmt: skip


TAG, READ = r'\bname="([\w-]+)"', r'\.(?:get|getlist)\("([\w-]+)"'
FORM = r"(?m)^    (\w+) = (?:forms\.)?\w+Field\("
MORE = ["primary", "sources", "note", "until", "next", "part-1", "primary-1", "acknowledge-1"]


def field_names() -> list[str]:
    """What the forms and the views of the desk call their fields."""
    said = "".join(path.read_text() for path in ROOT.glob("templates/**/*.html"))
    read = "".join(path.read_text() for path in ROOT.glob("mergeui/web/**/*.py"))
    found = {*re.findall(TAG, said), *re.findall(READ, read), *re.findall(FORM, read)}
    return sorted({*found, *MORE})


def near(name: str) -> list[str]:
    """The fields that the module of an address's view reads, and some that many have."""
    module = inspect.unwrap(VIEWS[name]).__module__
    return sorted({*re.findall(READ, inspect.getsource(sys.modules[module])), *MORE})


TEXT = st.text(max_size=30) | st.sampled_from(ODD)
NAMES = st.sampled_from(field_names())
PART = st.sampled_from(ODD) | st.text(max_size=12)
NUMBER = st.sampled_from([0, 1, 2**31, 2**63 - 1, 2**63, 10**30])
BYTES = st.binary(max_size=8).map(quote_from_bytes)


@st.composite
def filled(draw: st.DrawFn, names: list[str], real: list[str]) -> str:
    """Fields with values, many of them such as the view reads, with things that are there."""
    named = st.sampled_from(names)
    pairs = st.tuples(named | named | NAMES, st.sampled_from(real) | TEXT)
    return urlencode(draw(st.lists(pairs, max_size=8)))


def part(data: st.DataObject, real: object) -> str:
    """A part of a path: what is there, mostly, or a number or a text that nobody expects."""
    wanted = data.draw(st.sampled_from(["real", "real", "real", "number", "text"]))
    if wanted == "real":
        return quote(str(real))
    return str(data.draw(NUMBER)) if wanted == "number" else quote(data.draw(PART))


@given(data=st.data())
@settings(
    max_examples=EXAMPLES or 120,
    derandomize=not EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_address_ever_fails(town: Town, data: st.DataObject) -> None:
    address = data.draw(st.sampled_from(ADDRESSES))
    who = data.draw(st.sampled_from(EVERYBODY))
    method = data.draw(st.sampled_from(["GET", "POST"]))
    parts = town.parts(address, who)
    path = "/" + re.sub(r"<\w+:(\w+)>", lambda m: part(data, parts[m[1]]), address.route)
    fields = filled(near(address.name), town.real) | BYTES
    query, body = data.draw(fields), data.draw(fields)
    headers = data.draw(st.sampled_from([{}, HTMX, HTMX | {"HX-Current-URL": "http://[%00"}]))
    note(f"{who}: {method} {path}?{query} {body} {headers}")

    answer = town.send(method, f"{path}?{query}", who, body=body, headers=headers)

    # 502 says that Invent could not be read, and it can't be here.
    assert answer.status_code < 500 or answer.status_code == 502
