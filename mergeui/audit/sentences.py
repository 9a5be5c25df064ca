"""The sentence of each action; {who} and its like are worked out by describe.py.

What is not in the facts of an entry leaves its word empty, with the space before it.
"""

from django.utils.translation import gettext_noop as _

from mergeui.audit.actions import Action

SENTENCES: dict[str, str] = {
    Action.SYNCED: _("{who} refreshed the groups from Invent{counts}."),
    Action.SYNC_FAILED: _("{who} could not refresh the groups from Invent{because}."),
    Action.GROUP_DISMISSED: _("{who} marked {group} as not a duplicate."),
    Action.GROUP_KNOWN: _(
        "{group} stays out of the queue: each pair in it was marked as not a duplicate before."
    ),
    Action.GROUP_SNOOZED: _("{who} snoozed {group}{until}."),
    Action.GROUP_MADE: _("{who} put together {group} by hand: Invent did not suggest it."),
    Action.GROUP_DISCARDED: _("{who} discarded {group}, which had been put together by hand."),
    Action.GROUP_SPLIT: _("{who} split {group} into several merges."),
    Action.GROUP_REOPENED: _("{who} put {group} back into the queue{because}."),
    Action.NOTE_WRITTEN: _("{who} wrote a note about {group}{request}."),
    Action.BULK_REQUESTED: _("{who} asked to {wish}{bulk}."),
    Action.BULK_STOPPED: _("{who} stopped a bulk decision{because}{tally}{bulk}."),
    Action.BULK_TAKEN_BACK: _("{who} took a bulk decision back, as far as it goes{bulk}."),
    Action.BULK_ENDED: _("A bulk decision came to its end{tally}{bulk}."),
    Action.MERGE_REQUESTED: _("{who} asked to merge {sources} into {primary}{request}."),
    Action.MERGE_APPROVED: _("{who} approved the merge of {sources} into {primary}{request}."),
    Action.GLASS_BROKEN: _(
        "{who} broke the glass: approved alone the merge of {sources} into {primary}{request}."
    ),
    Action.GLASS_CLOSED: _(
        "{who} closed the breaking of the glass for the merge of {sources} into {primary}{request}."
    ),
    Action.MERGE_PASSED: _(
        "The merge of {sources} into {primary} needed nobody's approval{request}."
    ),
    Action.MERGE_REJECTED: _("{who} rejected the merge of {sources} into {primary}{request}."),
    Action.MERGE_WITHDRAWN: _("{who} withdrew the merge of {sources} into {primary}{request}."),
    Action.MERGE_CANCELLED: _(
        "{who} cancelled the approved merge of {sources} into {primary}{request}."
    ),
    Action.MERGE_EXPIRED: _("The merge of {sources} into {primary} expired{request}."),
    Action.MERGE_STALE: _(
        "The merge of {sources} into {primary} was left undone, because the contacts"
        " had changed{request}."
    ),
    Action.ATTEMPT_STARTED: _(
        "{who} wrote down the call that merges {sources} into {primary},"
        " before sending it{request}."
    ),
    Action.ATTEMPT_ANSWERED: _(
        "{who} recorded what came of the call that merges {sources} into"
        " {primary}{outcome}{request}."
    ),
    Action.ATTEMPT_NOT_SENT: _(
        "The call that merges {sources} into {primary} never left this desk{because}{request}."
    ),
    Action.MERGE_COMPLETED: _("Merged {sources} into {primary}{behind}{request}."),
    Action.MERGE_PARTIAL: _("Merged only {merged} of {sources} into {primary}{behind}{request}."),
    Action.MERGE_REFUSED: _("Invent refused to merge {sources} into {primary}{because}{request}."),
    Action.MERGE_UNKNOWN: _(
        "It is not known whether {sources} merged into {primary}{because}{request}."
    ),
    Action.MERGE_READ_BACK: _(
        "{who} read back from Invent what became of {sources} and {primary}{verdict}{request}."
    ),
    Action.MERGE_NOT_APPLIED: _(
        "The merge of {sources} into {primary} did not happen{because}{request}."
    ),
    Action.MERGE_CONFLICT: _(
        "A person has to look at the merge of {sources} into {primary}{because}{request}."
    ),
    Action.MERGE_RESOLVED: _(
        "{who} settled the merge of {sources} into {primary}{verdict}{request}."
    ),
    Action.RESULT_DIFFERS: _("After the merge {primary} is not what was predicted{request}."),
    Action.OPT_OUT_WANTED: _(
        "{who} asked that the opt-out of {primary}, lost in a merge, is set again{request}."
    ),
    Action.OPT_OUT_SET: _("The opt-out of {primary}, lost in a merge, is set again{request}."),
    Action.OPT_OUT_NOT_SET: _(
        "The opt-out of {primary}, lost in a merge, could not be set again{request}."
    ),
    Action.MERGING_HALTED: _("{who} halted all merges."),
    Action.MERGING_RESUMED: _("{who} let the merges go on."),
    Action.MERGE_RECOVERED: _(
        "{who} looked at a merge into {primary} that this database had"
        " forgotten: {merged} of {sources} no longer exist."
    ),
    Action.SIGNED_IN: _("{who} signed in{proofs}."),
    Action.SIGNED_OUT: _("{who} signed out."),
    Action.SIGN_IN_REFUSED: _("Somebody could not sign in{typed_name}{because}."),
    Action.SIGN_IN_LOCKED: _(
        "Somebody tried to sign in{typed_name} too often: further tries are refused for a while."
    ),
    Action.FACTOR_ADDED: _("{who} set up {factor}."),
    Action.FACTOR_REMOVED: _("{who} removed {factor}{whose}."),
    Action.PASSWORD_CHANGED: _("{who} changed their password, which ended their other sessions."),
    Action.SESSIONS_ENDED: _("{who} ended their other sessions."),
    Action.REFUSED: _("{who} was refused something{path}{because}."),
    Action.USER_ADDED: _("{who} added {user}{role}."),
    Action.INVITED: _("{who} made a link that invites {user}{role}."),
    Action.INVITATION_WITHDRAWN: _("{who} withdrew the invitation of {user}."),
    Action.USER_JOINED: _("{who} joined by an invitation{role}."),
    Action.MEMBER_CHANGED: _("{who} changed what {user} may do here{role}{glass}."),
    Action.MEMBER_DISABLED: _("{who} switched off {user}."),
    Action.MEMBER_ENABLED: _("{who} switched on {user} again{role}."),
    Action.ORGANIZATION_ADDED: _("{who} added this organisation to the desk{org}."),
    Action.POLICY_TIGHTENED: _("{who} changed the policy{policy}."),
    Action.POLICY_ASKED: _("{who} asked for a looser policy{policy}."),
    Action.POLICY_LOOSENED: _("{who} confirmed the looser policy{policy}."),
    Action.POLICY_KEPT: _("{who} did not take the looser policy{policy}."),
    Action.KEY_SET: _("{who} entered a key of Invent{fingerprint}."),
    Action.KEY_FORGOTTEN: _("{who} took the key of Invent away."),
    Action.KEY_SEALED_ANEW: _("{who} sealed the key of Invent anew{fingerprint}."),
    Action.PAYLOAD_ERASED: _("{who} erased the personal data of {erased}."),
    Action.RECOVERY_TAKEN: _(
        "{who} took away the recovery pack of the merge of {sources} into {primary}{request}."
    ),
    Action.HISTORY_EXPORTED: _("{who} exported the history{exported}."),
}
