"""Verifying in several processes says what one process says."""

import io

import pytest
from django.core.management import call_command
from django.db import transaction

from mergeui.audit import together
from mergeui.audit.anchor import Anchor
from mergeui.audit.erase import erase
from mergeui.audit.together import verify_together
from mergeui.audit.verify import verify
from tests.audit.history import ana, as_the_owner_of_the_database, sql, tamper, write_some


@pytest.fixture
def thirty(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "SLICE", 7)
    with transaction.atomic():
        write_some(29)
        erase(["ct_5"], by_user=ana())


@pytest.mark.usefixtures("thirty")
def test_a_long_history_is_shared_out() -> None:
    seen: list[int] = []
    result = verify_together(2, anchors=[verify().head], progress=seen.append)
    assert result == verify()
    assert (result.entries, result.redacted) == (30, 1)
    assert seen == [7, 14, 21, 28, 30]

    out = io.StringIO()
    call_command("verify_audit", "--jobs", "1", stdout=out)
    assert "Entries: 30" in out.getvalue()

    with transaction.atomic():
        tamper("UPDATE audit_entry SET subject = 'x' WHERE number IN (14, 20)")
    assert verify_together(2) == verify()
    assert verify().broken is not None


@pytest.mark.usefixtures("thirty")
def test_a_missing_border_or_an_anchor_that_is_not_met_is_told_as_ever() -> None:
    wrong = Anchor(3, "0" * 64)
    assert verify_together(2, anchors=[wrong]) == verify(anchors=[wrong])
    with transaction.atomic(), as_the_owner_of_the_database():
        sql("DELETE FROM audit_reference WHERE entry_id = 14")
        sql("DELETE FROM audit_entry WHERE number = 14")
    result = verify_together(2)
    assert result.broken is not None
    assert result.broken[:2] == (14, "missing")
