"""What the columns of a policy are called in sentences of the history, for describe.py.

The page of the policy has the same in longer sentences, further up in the house.
"""

import json
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from mergeui.audit.words import one_line

# A value that is empty is what the installation has.
FOUR_EYES: dict[str, str] = {
    "": _("a second person as the installation has it"),
    "never": _("no merge needs a second person"),
    "risky": _("a risky merge needs a second person"),
    "always": _("every merge needs a second person"),
}
SINGLE_OPERATOR: dict[bool | None, str] = {
    None: _("single-operator mode as the installation has it"),
    False: _("single-operator mode off"),
    True: _("single-operator mode on"),
}
# As review.risk calls them.
RISKS: dict[str, str] = {
    "said": _("Marked as different"),
    "unsubscribed": _("Consent differs"),
    "blocked": _("Blocked differs"),
    "admin": _("Team member"),
    "names": _("Names conflict"),
    "shared": _("Shared address"),
    "weak": _("Weak link"),
    "unexplained": _("No shared channel"),
    "large": _("Large group"),
    "by_hand": _("Put together by hand"),
}


def policy_words(changes: dict[str, Any]) -> str:
    """Columns and their values in words: 'every merge needs a second person; 60 seconds to cancel'.

    What this version does not know is said as it is kept.
    """
    return "; ".join(_words(name, value) for name, value in sorted(changes.items()))


def _words(name: str, value: Any) -> str:
    match name, value:
        case "four_eyes", str() if value in FOUR_EYES:
            return gettext(FOUR_EYES[value])
        case "single_operator", bool() | None:
            return gettext(SINGLE_OPERATOR[value])
        case "cool_off_seconds", None:
            return gettext("time to cancel as the installation has it")
        case "cool_off_seconds", int():
            words = ngettext("{count} second to cancel", "{count} seconds to cancel", value)
            return words.format(count=value)
        case "requests_per_minute", None:
            return gettext("all the requests a minute that the host may send")
        case "requests_per_minute", int():
            words = ngettext("{count} request a minute", "{count} requests a minute", value)
            return words.format(count=value)
        case "waived_risks", []:
            return gettext("no risk mark goes without a second person")
        case "waived_risks", list():
            codes = map(one_line, value)
            marks = ", ".join(gettext(RISKS[one]) if one in RISKS else one for one in codes)
            return gettext("these marks need no second person: {marks}").format(marks=marks)
    return f"{one_line(name)} = {one_line(json.dumps(value))}"
