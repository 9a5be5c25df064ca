"""After a whole story: no secret anywhere, and people's data only where it is declared.

The declaration is mergeui/merging/personal.py. What is looked through is the log at its most
talkative, the log of errors, both exports, the recovery pack, the facts of the history, and every
column of every table.
"""

import io
import json
import logging
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, connection
from django.test import Client

from mergeui import logs
from mergeui.accounts.models import Role
from mergeui.audit.export import everything, rows
from mergeui.audit.models import Entry
from mergeui.invent import InventClient
from mergeui.merging.models import MergeRequest
from mergeui.merging.personal import COLUMNS
from mergeui.review.finding import TABLE
from mergeui.sandbox import Fault, Sandbox, SandboxTransport
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, member, past
from tests.web.cast import text_of

pytestmark = pytest.mark.django_db

KEY = "inv-secret-0123456789abcdefghijklmnop"
PASSWORD = "correct horse battery staple"
WRONG = "her-old-password-typed"
SECRETS = (KEY, PASSWORD, WRONG)
# Words that stand nowhere but in these people's data.
SEEDED = (
    "qwyzzel", "brumbaghast", "zyrqhandle", "+15559876501", "15559876501", "5559876501",
    "needle@haystack.example", "haystack", "203.0.113.77", "quiltish", "she-rang-me", "feedback7",
)  # fmt: skip


def people() -> list[dict[str, Any]]:
    more = {
        "username": "zyrqhandle", "ip": "203.0.113.77", "language": "quiltish", "agent": "Haystack"
    }  # fmt: skip
    return [
        contact("Qwyzzel Brumbaghast", whatsapp("+15559876501", name="Qwyzzel", **more),
                email("needle@haystack.example"), segments=[segment("VIP")],
                created_at="2020-01-01T00:00:00Z"),
        contact("Q. Brumbaghast", whatsapp("+15559876501"), unsubscribed=True,
                unsubscribe_reason="quiltish", unsubscribe_feedback="feedback7"),
        contact("Qwyzzel Brumbaghast", email("needle@haystack.example", username="zyrqhandle"),
                whatsapp("+15559876501")),
        contact("Qwyzzel Two", email("two@haystack.example")),
        contact("Qwyzzel Twice", email("two@haystack.example")),
        contact("Qwyzzel Three", whatsapp("+1555987650199")),
        contact("Qwyzzel Thrice", whatsapp("+1555987650199")),
    ]  # fmt: skip


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What production would have written, and all that is below its level, in both forms."""
    written = io.StringIO()
    handlers = [logging.StreamHandler(written), logging.StreamHandler(written)]
    for handler, form in zip(handlers, (logs.Lines(), logs.Json()), strict=True):
        handler.setFormatter(form)
        logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield written
    logging.getLogger().setLevel(level)
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


class Story:
    """What people and the worker do with these contacts, and what it leaves behind."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.people = people()
        self.desk = Desk(*self.people)
        self.desk.sandbox = Sandbox(self.desk.world, key=KEY)
        self.desk.faults = self.desk.sandbox.faults
        monkeypatch.setattr(self.desk, "connect", self.connect)
        self.desk.client = self.connect()
        monkeypatch.setattr("mergeui.web.views.byhand.connect", lambda org_id, **_: self.connect())
        self.patch = monkeypatch
        self.files: dict[str, str] = {}

    def connect(self) -> InventClient:
        transport = SandboxTransport(self.desk.sandbox)
        return InventClient("http://invent.test", KEY, transport=transport, sleep=lambda _: None)

    def tell(self) -> None:
        olga, paula = self.sign_in("olga", Role.OPERATOR), self.sign_in("paula", Role.ADMIN)
        Client().post("/login/", {"username": "olga", "password": WRONG})
        Client().post("/groups/1/dismiss/", {"note": "she-rang-me, qwyzzel"})
        self.desk.sync()
        merged, dismissed, snoozed = (self.desk.group_of(self.people[n]) for n in (0, 3, 5))
        olga.get("/groups/?q=qwyzzel")
        olga.get("/contacts/?q=qwyzzel")
        olga.post("/views/new/", {"name": "qwyzzel", "query": "q=qwyzzel"})
        here = f"/groups/{merged.pk}/"
        olga.post(f"{here}note/", {"words": "she-rang-me about Brumbaghast"})
        ids = [m.contact_id for m in merged.members.all()]
        asked = {"primary": ids[0], "sources": ids[1:], "note": "she-rang-me"}
        olga.post(f"{here}request/", asked)
        olga.post(f"{here}request/", {**asked, "acknowledge": "yes"})
        olga.post(f"/groups/{dismissed.pk}/dismiss/", {"note": "she-rang-me"})
        olga.post(f"/groups/{snoozed.pk}/snooze/", {"until": "change", "note": "she-rang-me"})
        request = MergeRequest.objects.get()
        paula.post(f"/requests/{request.pk}/approve/", {"note": "she-rang-me"})
        past(request, execute_after=1)
        self.desk.faults.set(merge=Fault.DROP, merge_applied=True)
        self.desk.work()
        self.desk.faults.clear()
        for _ in range(4):
            past(request, read_back_at=1)
            self.desk.work()
        paula.get("/history/?q=needle@haystack.example")
        for form in ("csv", "jsonl"):
            answer = paula.get(f"/history/export/?format={form}&q=qwyzzel")
            self.files[f"page.{form}"] = answer.getvalue().decode()
            self.files[f"command.{form}"] = "".join(rows(everything(), form))
        pack = paula.post(f"/requests/{request.pk}/recovery/").content
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            self.files |= {name: archive.read(name).decode() for name in archive.namelist()}
        self.fail(paula)

    def sign_in(self, name: str, role: Role) -> Client:
        membership = member(role, name=name)
        membership.user.set_password(PASSWORD)
        membership.user.save()
        client = Client()
        assert client.post("/login/", {"username": name, "password": PASSWORD}).status_code == 303
        return client

    def fail(self, client: Client) -> None:
        """Errors of ours whose words are people's data, as a database says them."""
        client.raise_request_exception = False
        for error in (
            ValueError("Qwyzzel Brumbaghast is no name"),
            KeyError("needle@haystack.example"),
            IntegrityError("duplicate key\nDETAIL:  Key (name)=(Qwyzzel) exists."),
        ):

            def broken(*args: Any, error: Exception = error, **kwargs: Any) -> None:
                raise error

            self.patch.setattr("mergeui.web.views.queue.shown.Wanted.__init__", broken)
            answer = client.get("/groups/?q=qwyzzel")
            assert answer.status_code == 500
            self.files[f"page of {type(error).__name__}"] = text_of(answer)
            self.patch.undo()


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> Story:
    story = Story(monkeypatch)
    story.tell()
    return story


def columns() -> Iterator[tuple[str, str]]:
    """Every column of every table with all that is in it, sessions unpacked."""
    with connection.cursor() as cursor:
        # The index of the queue can't be read whole, but the table that it is kept in.
        for table in set(connection.introspection.table_names(cursor)) - {TABLE}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for values in cursor.fetchall():
                for name, value in zip(names, values, strict=True):
                    yield f"{table}.{name}", _as_text(f"{table}.{name}", value)


def _as_text(column: str, value: Any) -> str:
    if column == "django_session.session_data":
        return json.dumps(SessionStore().decode(value), ensure_ascii=False)
    text = value if isinstance(value, str) else repr(value)
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def told(text: str, words: tuple[str, ...]) -> list[str]:
    plain = text.casefold()
    return [word for word in words if word.casefold() in plain]


def test_after_a_story(story: Story, log: io.StringIO) -> None:
    secrets = (*SECRETS, settings.SECRET_KEY)
    written = log.getvalue()
    assert "Internal Server Error" in written
    assert written.count("left out: it may hold somebody's data") >= 6
    assert "is now" in written
    assert told(written, (*secrets, *SEEDED)) == []

    assert "needle@haystack.example" in story.files["command.jsonl"], "the story left nothing"
    for name, text in story.files.items():
        assert told(text, secrets) == [], name
        if name.startswith("page of"):
            assert told(text, SEEDED) == [], name
    facts = " ".join(Entry.objects.values_list("facts_text", flat=True))
    assert told(facts, SEEDED) == []

    holding: set[str] = set()
    for column, text in columns():
        assert told(text, secrets) == [], column
        if told(text, SEEDED):
            holding.add(column)
    assert holding <= set(COLUMNS), "personal data where none are declared"
    assert len(holding) >= 20, "the story is too short to show anything"


def test_what_is_declared_is_there() -> None:
    known = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    }
    assert set(COLUMNS) <= known | {f"{TABLE}_data.block"}


def test_every_call_to_invent_says_whose_it_is(story: Story) -> None:
    merged = Entry.objects.filter(action="attempt_started").get()
    assert len(merged.request_id) == 24
    assert Entry.objects.filter(request_id=merged.request_id).count() >= 2
