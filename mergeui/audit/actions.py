"""The whole vocabulary of the history: one value an action, its sentence in sentences.py.

What the `facts` and the `personal` data of an entry hold is said here, because they are read again
after years. Facts are ids, counts, states and reason codes; never a name, an address or a note.

Facts, all optional: `before`, `after` (states) · `group`, `request`, `attempt`, `bulk` (our
numbers; `bulk` ties together all that one click changed) · `primary` (contact id), `sources`,
`members`, `merged`, `unasked` (merged by Invent though nobody asked for it), `contacts` (lists of
contact ids) ·
`reason`, `why`, `verdict` (codes, or words without personal data) · `status` (of HTTP) · `late` ·
`path`, `method` · `until` (ISO date) · `new`, `changed`, `vanished`, `unchanged` (counts) · `role`
· `numbers` (entries erased) · `format`, `count` · `kind`, `done`, `set_aside`, `failed`,
`taken_back` (of a bulk decision) · `with` (kinds of proof, of a sign-in) · `factor` (its kind) ·
`flags` (opt-outs that a merge lost) · `mentioned` (numbers of our users) · `fingerprint` (of a key
of Invent) · `org`, `parent` (an organisation's id in Invent, and the number of its parent) ·
`glass` (whether a member may break it) · `policy` (of a merge, or the columns that change) ·
`alone` (why it took nobody else) · `single_operator` (it was made in that mode) · `asked_by`,
`approved_by` (names of our people behind what the system did). More may be added;
describe.py passes over it.

Personal data, all optional: `contacts` (list of the vendor's Contact JSON, as seen) · `names`
(contact id → name; of a group a list of them) · `note` (as typed) · `mentions` (user names in it) ·
`call`, `answer` (exact, without the key) · `username` · `evidence` (what was read back) ·
`differences` · `filters`. Entries are found by `contacts` and `names` (references.py).
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    """What an entry says was done; the labels serve filters (design.md, rule 9)."""

    SYNCED = "synced", _("Groups refreshed")
    SYNC_FAILED = "sync_failed", _("Refresh failed")

    GROUP_DISMISSED = "group_dismissed", _("Group dismissed")
    GROUP_KNOWN = "group_known", _("Group known as not a duplicate")
    GROUP_SNOOZED = "group_snoozed", _("Group snoozed")
    GROUP_MADE = "group_made", _("Group put together by hand")
    GROUP_DISCARDED = "group_discarded", _("Group discarded")
    GROUP_SPLIT = "group_split", _("Group split")
    GROUP_REOPENED = "group_reopened", _("Group reopened")
    NOTE_WRITTEN = "note_written", _("Note written")

    BULK_REQUESTED = "bulk_requested", _("Bulk decision asked for")
    BULK_STOPPED = "bulk_stopped", _("Bulk decision stopped")
    BULK_TAKEN_BACK = "bulk_taken_back", _("Bulk decision taken back")
    BULK_ENDED = "bulk_ended", _("Bulk decision ended")

    MERGE_REQUESTED = "merge_requested", _("Merge asked for")
    MERGE_APPROVED = "merge_approved", _("Merge approved")
    GLASS_BROKEN = "glass_broken", _("Glass broken")
    GLASS_CLOSED = "glass_closed", _("Breaking of the glass closed")
    MERGE_PASSED = "merge_passed", _("Merge passed by policy")
    MERGE_REJECTED = "merge_rejected", _("Merge rejected")
    MERGE_WITHDRAWN = "merge_withdrawn", _("Merge withdrawn")
    MERGE_CANCELLED = "merge_cancelled", _("Merge cancelled")
    MERGE_EXPIRED = "merge_expired", _("Approval expired")
    MERGE_STALE = "merge_stale", _("Contacts changed before the merge")

    ATTEMPT_STARTED = "attempt_started", _("Merge call started")
    ATTEMPT_ANSWERED = "attempt_answered", _("Merge call answered")
    ATTEMPT_NOT_SENT = "attempt_not_sent", _("Merge call not sent")

    MERGE_COMPLETED = "merge_completed", _("Merged")
    MERGE_PARTIAL = "merge_partial", _("Merged in part")
    MERGE_REFUSED = "merge_refused", _("Refused by Invent")
    MERGE_UNKNOWN = "merge_unknown", _("Outcome unknown")
    MERGE_READ_BACK = "merge_read_back", _("Read back from Invent")
    MERGE_NOT_APPLIED = "merge_not_applied", _("Not applied")
    MERGE_CONFLICT = "merge_conflict", _("Needs a person")
    MERGE_RESOLVED = "merge_resolved", _("Resolved by a person")
    RESULT_DIFFERS = "result_differs", _("Result differs from the prediction")

    OPT_OUT_WANTED = "opt_out_wanted", _("Opt-out to be set again")
    OPT_OUT_SET = "opt_out_set", _("Opt-out set again")
    OPT_OUT_NOT_SET = "opt_out_not_set", _("Opt-out not set again")

    MERGING_HALTED = "merging_halted", _("Merges halted")
    MERGING_RESUMED = "merging_resumed", _("Merges go on")
    MERGE_RECOVERED = "merge_recovered", _("Forgotten merge looked at")

    SIGNED_IN = "signed_in", _("Signed in")
    SIGNED_OUT = "signed_out", _("Signed out")
    SIGN_IN_REFUSED = "sign_in_refused", _("Sign-in refused")
    SIGN_IN_LOCKED = "sign_in_locked", _("Sign-in locked for a while")
    FACTOR_ADDED = "factor_added", _("Second factor set up")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
    REFUSED = "refused", _("Refused")
    USER_ADDED = "user_added", _("User added")
    INVITED = "invited", _("Invited")
    INVITATION_WITHDRAWN = "invitation_withdrawn", _("Invitation withdrawn")
    USER_JOINED = "user_joined", _("Joined by invitation")
    MEMBER_CHANGED = "member_changed", _("Role changed")
    MEMBER_DISABLED = "member_disabled", _("Member switched off")
    MEMBER_ENABLED = "member_enabled", _("Member switched on")

    ORGANIZATION_ADDED = "organization_added", _("Organisation added")
    POLICY_TIGHTENED = "policy_tightened", _("Policy changed")
    POLICY_ASKED = "policy_asked", _("Looser policy asked for")
    POLICY_LOOSENED = "policy_loosened", _("Looser policy confirmed")
    POLICY_KEPT = "policy_kept", _("Looser policy not taken")
    KEY_SET = "key_set", _("Key of Invent entered")
    KEY_FORGOTTEN = "key_forgotten", _("Key of Invent taken away")
    KEY_SEALED_ANEW = "key_sealed_anew", _("Key of Invent sealed anew")

    PAYLOAD_ERASED = "payload_erased", _("Personal data erased")
    RECOVERY_TAKEN = "recovery_taken", _("Recovery pack taken")
    HISTORY_EXPORTED = "history_exported", _("History exported")


# How a request ends by the system, for the people who asked for it and approved it: they are who
# is looked for (design.md, rule 9: who merged what).
ENDED_FOR_PEOPLE = frozenset(
    {
        Action.MERGE_COMPLETED,
        Action.MERGE_PARTIAL,
        Action.MERGE_REFUSED,
        Action.MERGE_NOT_APPLIED,
        Action.MERGE_STALE,
        Action.MERGE_EXPIRED,
    }
)
