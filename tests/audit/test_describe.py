"""Each entry as a sentence."""

import pytest

from mergeui.accounts.policy import FourEyes
from mergeui.audit import policy_words
from mergeui.audit.actions import Action
from mergeui.audit.canonical import json_text
from mergeui.audit.describe import SENTENCES, describe
from mergeui.audit.models import Entry, Payload
from mergeui.review.risk import LABELS

MERGE = {"primary": "ct_1", "sources": ["ct_2", "ct_3"]}
NAMES = {"names": {"ct_1": "Ana García", "ct_2": "A. García", "ct_3": "Anita"}}


def entry(action: str, facts: object = None, personal: object = None, subject: str = "") -> Entry:
    made = Entry(
        number=1,
        action=action,
        actor_name="Ana López",
        subject=subject,
        facts_text=json_text(facts),
    )
    if personal is not None:
        made.payload_mac = "a" * 64
        made.payload = Payload(entry=made, data_text=json_text(personal))
    return made


@pytest.mark.parametrize("action", Action.values)
def test_every_action_has_its_sentence(action: str) -> None:
    assert action in SENTENCES
    for made in (
        entry(action, MERGE, NAMES, "request:12"),
        entry(action, {}),
        entry(action, None),
        entry(action, dict.fromkeys(("primary", "sources", "reason", "numbers", "new"))),
        entry(action, {"primary": 7, "sources": "ct_1", "merged": 3, "until": {}, "numbers": "x"}),
        entry(action, MERGE, {"names": [], "contacts": {}, "note": 7, "username": []}),
        entry(action, MERGE, {"contacts": [None, {"id": None, "name": 5}], "names": {"ct_1": ""}}),
    ):
        sentence = describe(made)
        assert sentence[0].isupper()
        assert sentence.rstrip("”").endswith((".", "7"))
        assert "{" not in sentence
        assert "None" not in sentence
        assert "  " not in sentence


SAID = [
    (
        entry(Action.MERGE_REQUESTED, MERGE, NAMES, "request:12"),
        "Ana López asked to merge 2 contacts into Ana García (request 12).",
    ),
    (
        entry(
            Action.MERGE_REQUESTED,
            {"primary": "ct_1", "sources": ["ct_2"]},
            {**NAMES, "note": "Same person."},
            "request:12",
        ),
        "Ana López asked to merge A. García into Ana García (request 12). Note: “Same person.”",
    ),
    (
        entry(Action.MERGE_REQUESTED, MERGE, None, "request:12"),
        "Ana López asked to merge 2 contacts into ct_1 (request 12).",
    ),
    (
        entry(Action.MERGE_COMPLETED, {**MERGE, "request": 12}, NAMES),
        "Merged 2 contacts into Ana García (request 12).",
    ),
    (
        entry(Action.MERGE_COMPLETED, {**MERGE, "asked_by": "olga", "approved_by": "paul"}, NAMES),
        "Merged 2 contacts into Ana García, asked for by olga, approved by paul.",
    ),
    (
        entry(Action.MERGE_COMPLETED, {"primary": "ct_1", "sources": ["ct_2"]}, NAMES),
        "Merged A. García into Ana García.",
    ),
    (
        entry(Action.MERGE_PARTIAL, {**MERGE, "merged": ["ct_2"]}, NAMES),
        "Merged only 1 of 2 contacts into Ana García.",
    ),
    (
        entry(
            Action.ATTEMPT_ANSWERED,
            {**MERGE, "status": 502, "after": "unknown", "late": True},
            NAMES,
        ),
        "Ana López recorded what came of the call that merges 2 contacts into Ana García:"
        " answered 502, so unknown. It came too late to count.",
    ),
    (
        entry(Action.MERGE_READ_BACK, {**MERGE, "verdict": "not_applied"}, NAMES),
        "Ana López read back from Invent what became of 2 contacts and Ana García: not applied.",
    ),
    (
        entry(Action.GROUP_DISMISSED, {}, NAMES, "group:7"),
        "Ana López marked group 7 (Ana García, A. García, Anita) as not a duplicate.",
    ),
    (
        entry(Action.GROUP_SNOOZED, {"until": "2026-12-01T00:00:00+00:00"}, None, "group:7"),
        "Ana López snoozed group 7 until 1 December 2026.",
    ),
    (
        entry(Action.GROUP_SNOOZED, {"until": "soon"}, {"names": ["Ana", "Bob"]}, "group:7"),
        "Ana López snoozed group 7 (Ana, Bob) until soon.",
    ),
    (
        entry(Action.GROUP_REOPENED, {"why": "a person"}, {"names": ["Ana", ""]}, "group:7"),
        "Ana López put group 7 (Ana) back into the queue.",
    ),
    (
        entry(Action.GROUP_REOPENED, {"why": "changed"}, None, "group:7"),
        "Ana López put group 7 back into the queue: changed.",
    ),
    (
        entry(Action.GROUP_REOPENED, {"why": "snooze over"}, None, "group:7"),
        "Ana López put group 7 back into the queue: snooze over.",
    ),
    (
        entry(Action.BULK_REQUESTED, {"kind": "merge", "count": 214}, None, "bulk:3"),
        "Ana López asked to merge 214 groups at once (bulk decision 3).",
    ),
    (
        entry(Action.BULK_REQUESTED, {"kind": "dismiss", "count": 1}, {"note": "A family."}),
        "Ana López asked to mark 1 group as not duplicates at once. Note: “A family.”",
    ),
    (
        entry(
            Action.BULK_STOPPED,
            {"reason": "lost_role", "done": 2, "set_aside": 0, "failed": 1, "taken_back": 0},
            None,
            "bulk:3",
        ),
        "Ana López stopped a bulk decision: the person's role no longer allows it: 2 done,"
        " 1 failed (bulk decision 3).",
    ),
    (
        entry(Action.BULK_ENDED, {"done": 0, "set_aside": 7, "failed": 0, "taken_back": 4}),
        "A bulk decision came to its end: 0 done, 7 set aside, 4 taken back.",
    ),
    (
        entry(Action.SYNCED, {"new": 5, "changed": 0, "vanished": 1}, None, "sync:3"),
        "Ana López refreshed the groups from Invent: 5 new, 0 changed, 1 vanished.",
    ),
    (
        entry(Action.SYNC_FAILED, {"reason": "Invent did not answer."}),
        "Ana López could not refresh the groups from Invent: Invent did not answer.",
    ),
    (
        entry(Action.SIGN_IN_REFUSED, {"reason": "wrong_password"}, {"username": "eve"}),
        "Somebody could not sign in as “eve”: wrong password.",
    ),
    (
        entry(Action.REFUSED, {"path": "/groups/7/request/", "reason": "not_allowed"}),
        "Ana López was refused something at /groups/7/request/: not allowed.",
    ),
    (
        entry(Action.USER_ADDED, {"role": "viewer"}, {"username": "bob"}),
        "Ana López added the user bob as viewer.",
    ),
    (entry(Action.USER_ADDED, {}, None, "user:3"), "Ana López added user 3."),
    (
        entry(Action.HISTORY_EXPORTED, {"format": "csv", "count": 12}),
        "Ana López exported the history: 12 entries as CSV.",
    ),
    (
        entry("merge_undone", MERGE, None, "request:12"),
        "Ana López did “merge_undone” (request 12).",
    ),
]


@pytest.mark.parametrize(
    ("made", "sentence"), SAID, ids=[f"{n}-{made.action}" for n, (made, _) in enumerate(SAID)]
)
def test_it_says(made: Entry, sentence: str) -> None:
    assert describe(made) == sentence


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"four_eyes": "always"}, "every merge needs a second person"),
        ({"four_eyes": ""}, "a second person as the installation has it"),
        ({"cool_off_seconds": 1}, "1 second to cancel"),
        ({"cool_off_seconds": None}, "time to cancel as the installation has it"),
        ({"requests_per_minute": 60}, "60 requests a minute"),
        ({"requests_per_minute": None}, "all the requests a minute that the host may send"),
        ({"single_operator": False}, "single-operator mode off"),
        ({"single_operator": None}, "single-operator mode as the installation has it"),
        ({"waived_risks": []}, "no risk mark goes without a second person"),
        (
            {"waived_risks": ["large", "weak", "new"], "four_eyes": "never"},
            "no merge needs a second person; these marks need no second person: Large group,"
            " Weak link, new",
        ),
        # Of another version.
        ({"four_eyes": "twice", "moon": [1]}, 'four_eyes = "twice"; moon = [1]'),
    ],
)
def test_a_policy_is_told_in_words(changes: dict[str, object], said: str) -> None:
    made = entry(Action.POLICY_TIGHTENED, {"policy": changes})
    assert describe(made) == f"Ana López changed the policy ({said})."


def test_risks_are_called_as_everywhere_else() -> None:
    assert {risk.value: str(label) for risk, label in LABELS.items()} == policy_words.RISKS
    assert policy_words.FOUR_EYES.keys() == {"", *FourEyes.values}


def test_a_sentence_begins_with_a_capital_whatever_the_user_name() -> None:
    made = entry(Action.SIGNED_IN)
    made.actor_name = "olga"
    assert describe(made) == "Olga signed in."


def test_ids_stand_in_for_erased_names() -> None:
    made = entry(Action.MERGE_REQUESTED, MERGE, None, "request:12")
    made.payload_mac = "a" * 64
    made._state.fields_cache["payload"] = None
    assert describe(made) == (
        "Ana López asked to merge 2 contacts into ct_1 (request 12)."
        " The personal data of this entry were erased."
    )


def test_a_name_turns_no_reading_direction_hides_nothing_and_ends() -> None:
    hostile = "\u202eevil\u200b\nnext <img>" + "x" * 500
    personal = {"contacts": [{"id": "ct_1", "name": hostile}], "note": hostile}
    sentence = describe(entry(Action.MERGE_REQUESTED, MERGE, personal))
    assert sentence.startswith("Ana López asked to merge 2 contacts into evil next <img>xxx")
    assert not set(sentence) & {"\u202e", "\u200b", "\n"}
    assert len(sentence) < 600


def test_joined_letters_stay_joined() -> None:
    personal = {"names": {"ct_1": "می\u200cخواهم 👩\u200d👧"}}
    sentence = describe(entry(Action.MERGE_REQUESTED, MERGE, personal))
    assert "می\u200cخواهم 👩\u200d👧" in sentence


def test_braces_in_a_name_are_text() -> None:
    personal = {"names": {"ct_1": "{who} {0} %s"}}
    sentence = describe(entry(Action.MERGE_REQUESTED, MERGE, personal))
    assert sentence == "Ana López asked to merge 2 contacts into {who} {0} %s."


def test_many_names_are_cut() -> None:
    names = {f"ct_{number}": f"Ana {number}" for number in range(9)}
    sentence = describe(entry(Action.GROUP_DISMISSED, {}, {"names": names}, "group:7"))
    assert "(Ana 0, Ana 1, Ana 2 and 6 more)" in sentence
