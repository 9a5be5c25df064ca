"""The whole vocabulary of the history: one value an action, its sentence in describe.py.

What the `facts` and the `personal` data of an entry hold is said here, because they are read again
after years. Facts are ids, counts, states and reason codes; never a name, an address or a note.

Facts, all optional: `before`, `after` (states) · `group`, `request`, `attempt` (our numbers) ·
`primary` (contact id), `sources`, `members`, `merged`, `contacts` (lists of contact ids) ·
`reason`, `why`, `verdict` (codes, or words without personal data) · `status` (of HTTP) · `late` ·
`path`, `method` · `until` (ISO date) · `new`, `changed`, `vanished`, `unchanged` (counts) · `role`
· `numbers` (entries erased) · `format`, `count` · `mentioned` (numbers of our users). More may be
added; describe.py passes over it.

Personal data, all optional: `contacts` (list of the vendor's Contact JSON, as seen) · `names`
(contact id → name) · `note` (as typed) · `call`, `answer` (exact, without the key) · `username` ·
`evidence` (what was read back) · `differences` · `filters`. Entries are found by `contacts` and
`names` (references.py).
"""

from django.db.models import TextChoices


class Action(TextChoices):
    """What an entry says was done; the labels serve filters (design.md, rule 9)."""

    SYNCED = "synced", "Groups refreshed"
    SYNC_FAILED = "sync_failed", "Refresh failed"

    GROUP_DISMISSED = "group_dismissed", "Group dismissed"
    GROUP_SNOOZED = "group_snoozed", "Group snoozed"
    GROUP_REOPENED = "group_reopened", "Group reopened"
    NOTE_WRITTEN = "note_written", "Note written"

    MERGE_REQUESTED = "merge_requested", "Merge asked for"
    MERGE_APPROVED = "merge_approved", "Merge approved"
    MERGE_PASSED = "merge_passed", "Merge passed by policy"
    MERGE_REJECTED = "merge_rejected", "Merge rejected"
    MERGE_WITHDRAWN = "merge_withdrawn", "Merge withdrawn"
    MERGE_CANCELLED = "merge_cancelled", "Merge cancelled"
    MERGE_EXPIRED = "merge_expired", "Approval expired"
    MERGE_STALE = "merge_stale", "Contacts changed before the merge"

    ATTEMPT_STARTED = "attempt_started", "Merge call started"
    ATTEMPT_ANSWERED = "attempt_answered", "Merge call answered"
    ATTEMPT_NOT_SENT = "attempt_not_sent", "Merge call not sent"

    MERGE_COMPLETED = "merge_completed", "Merged"
    MERGE_PARTIAL = "merge_partial", "Merged in part"
    MERGE_REFUSED = "merge_refused", "Refused by Invent"
    MERGE_UNKNOWN = "merge_unknown", "Outcome unknown"
    MERGE_READ_BACK = "merge_read_back", "Read back from Invent"
    MERGE_NOT_APPLIED = "merge_not_applied", "Not applied"
    MERGE_CONFLICT = "merge_conflict", "Needs a person"
    MERGE_RESOLVED = "merge_resolved", "Resolved by a person"
    RESULT_DIFFERS = "result_differs", "Result differs from the prediction"

    MERGING_HALTED = "merging_halted", "Merges halted"
    MERGING_RESUMED = "merging_resumed", "Merges go on"
    MERGE_RECOVERED = "merge_recovered", "Forgotten merge looked at"

    SIGNED_IN = "signed_in", "Signed in"
    SIGNED_OUT = "signed_out", "Signed out"
    SIGN_IN_REFUSED = "sign_in_refused", "Sign-in refused"
    REFUSED = "refused", "Refused"
    USER_ADDED = "user_added", "User added"

    PAYLOAD_ERASED = "payload_erased", "Personal data erased"
    HISTORY_EXPORTED = "history_exported", "History exported"
