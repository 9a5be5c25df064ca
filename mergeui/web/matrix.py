"""Who may do what: every address of the desk against everybody who may come to it.

The views say it by their decorators (access.py); here it stands in one place, to be read. A test
walks every address as everybody and compares: an address that is missing here, or that answers
otherwise, fails. `manage.py roles` prints it as docs/roles.md.

A stranger is an admin of another organisation. The marks:

    yes  theirs: the page is shown, the form is taken, or refused for what is in it.
         To a stranger it shows, and changes, their own organisation alone.
    in   sent to the sign-in, and from there to the page; what was typed is kept
    403  not their role, with a sentence that says which it takes
    404  nothing there, as for what does not exist (design.md, rule 11)
    -    405: a page takes no form, and the address of a form is no page
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

EVERYBODY = ("anonymous", "stranger", "viewer", "operator", "approver", "admin")
METHODS = ("GET", "POST")
MARKS = {"yes", "in", "403", "404", "-"}

TABLE = """
                      GET                                    POST
                      anon strng viewr opera appro admin     anon strng viewr opera appro admin
home                  yes  yes   yes   yes   yes   yes       -    -     -     -     -     -
queue                 in   yes   yes   yes   yes   yes       -    -     -     -     -     -
group                 in   404   yes   yes   yes   yes       -    -     -     -     -     -
group_raw             in   404   yes   yes   yes   yes       -    -     -     -     -     -
group_preview         -    -     -     -     -     -         in   404   yes   yes   yes   yes
group_request         -    -     -     -     -     -         in   404   403   yes   yes   yes
group_dismiss         -    -     -     -     -     -         in   404   403   yes   yes   yes
group_snooze          -    -     -     -     -     -         in   404   403   yes   yes   yes
group_claim           -    -     -     -     -     -         in   404   403   yes   yes   yes
group_hold            -    -     -     -     -     -         403  404   403   yes   yes   yes
group_release         -    -     -     -     -     -         403  404   403   yes   yes   yes
group_reopen          -    -     -     -     -     -         in   404   403   yes   yes   yes
group_next            in   404   yes   yes   yes   yes       -    -     -     -     -     -
group_note            -    -     -     -     -     -         in   404   403   yes   yes   yes
undo                  -    -     -     -     -     -         in   yes   403   yes   yes   yes
lately                in   yes   yes   yes   yes   yes       -    -     -     -     -     -
views                 in   yes   yes   yes   yes   yes       -    -     -     -     -     -
views_strip           in   yes   yes   yes   yes   yes       -    -     -     -     -     -
view_new              -    -     -     -     -     -         in   yes   yes   yes   yes   yes
view                  in   404   yes   yes   yes   yes       -    -     -     -     -     -
view_change           -    -     -     -     -     -         in   404   yes   yes   yes   yes
view_delete           -    -     -     -     -     -         in   404   yes   yes   yes   yes
bulks                 in   yes   yes   yes   yes   yes       -    -     -     -     -     -
bulk_new              -    -     -     -     -     -         in   yes   403   yes   yes   yes
bulk                  in   404   yes   yes   yes   yes       -    -     -     -     -     -
bulk_confirm          -    -     -     -     -     -         in   404   403   yes   yes   yes
bulk_stop             -    -     -     -     -     -         in   404   403   yes   yes   yes
bulk_take_back        -    -     -     -     -     -         in   404   403   yes   yes   yes
group_split           in   404   403   yes   yes   yes       -    -     -     -     -     -
group_split_preview   -    -     -     -     -     -         in   404   403   yes   yes   yes
group_split_request   -    -     -     -     -     -         in   404   403   yes   yes   yes
group_discard         -    -     -     -     -     -         in   404   403   yes   yes   yes
search                in   yes   403   yes   yes   yes       -    -     -     -     -     -
search_take           -    -     -     -     -     -         in   yes   403   yes   yes   yes
search_group          -    -     -     -     -     -         in   yes   403   yes   yes   yes
contact               in   404   yes   yes   yes   yes       -    -     -     -     -     -
erase                 in   yes   403   403   403   yes       -    -     -     -     -     -
erase_confirm         -    -     -     -     -     -         in   yes   403   403   403   yes
halt                  in   yes   yes   yes   yes   yes       -    -     -     -     -     -
halt_end              -    -     -     -     -     -         in   yes   403   403   yes   yes
sync                  -    -     -     -     -     -         in   yes   403   yes   yes   yes
sync_line             in   404   yes   yes   yes   yes       -    -     -     -     -     -
requests              in   yes   yes   yes   yes   yes       -    -     -     -     -     -
request               in   404   yes   yes   yes   yes       -    -     -     -     -     -
approve               -    -     -     -     -     -         in   404   403   403   yes   yes
break_glass           -    -     -     -     -     -         in   yes   403   yes   yes   yes
reject                -    -     -     -     -     -         in   404   403   403   yes   yes
cancel                -    -     -     -     -     -         in   404   403   403   yes   yes
opt_out               in   404   yes   yes   yes   yes       -    -     -     -     -     -
restore               -    -     -     -     -     -         in   404   403   yes   yes   yes
resolve               -    -     -     -     -     -         in   404   403   403   yes   yes
request_note          -    -     -     -     -     -         in   404   403   yes   yes   yes
recovery              -    -     -     -     -     -         in   404   403   403   yes   yes
notes_hint            in   yes   403   yes   yes   yes       -    -     -     -     -     -
notices_read          -    -     -     -     -     -         in   yes   yes   yes   yes   yes
history               in   yes   yes   yes   yes   yes       -    -     -     -     -     -
history_export        in   yes   yes   yes   yes   yes       -    -     -     -     -     -
history_entry         in   404   yes   yes   yes   yes       -    -     -     -     -     -
settings              in   yes   yes   yes   yes   yes       -    -     -     -     -     -
team                  in   yes   yes   yes   yes   yes       -    -     -     -     -     -
team_invite           -    -     -     -     -     -         in   yes   403   403   403   yes
invitation_withdraw   -    -     -     -     -     -         in   404   403   403   403   yes
member_change         -    -     -     -     -     -         in   404   403   403   403   yes
member_disable        -    -     -     -     -     -         in   404   403   403   403   yes
member_enable         -    -     -     -     -     -         in   404   403   403   403   yes
policy                in   yes   yes   yes   yes   yes       -    -     -     -     -     -
policy_change         -    -     -     -     -     -         in   yes   403   403   403   yes
policy_confirm        -    -     -     -     -     -         in   yes   403   403   403   yes
policy_withdraw       -    -     -     -     -     -         in   404   403   403   403   yes
glass                 in   yes   yes   yes   yes   yes       -    -     -     -     -     -
glass_close           -    -     -     -     -     -         in   404   403   403   403   yes
join                  yes  yes   yes   yes   yes   yes       yes  yes   yes   yes   yes   yes
team_connection       in   yes   403   403   403   yes       -    -     -     -     -     -
team_key              -    -     -     -     -     -         in   yes   403   403   403   yes
team_key_forget       -    -     -     -     -     -         in   yes   403   403   403   yes
team_sub_org          -    -     -     -     -     -         in   yes   403   403   403   yes
switch                -    -     -     -     -     -         in   404   404   404   404   404
settings_change       -    -     -     -     -     -         in   yes   yes   yes   yes   yes
account_login         yes  yes   yes   yes   yes   yes       yes  yes   yes   yes   yes   yes
mfa_authenticate      yes  yes   yes   yes   yes   yes       yes  yes   yes   yes   yes   yes
mfa_login_webauthn    yes  yes   yes   yes   yes   yes       yes  yes   yes   yes   yes   yes
login_company         -    -     -     -     -     -         yes  yes   yes   yes   yes   yes
openid_connect_callback yes yes  yes   yes   yes   yes       -    -     -     -     -     -
login_again           -    -     -     -     -     -         yes  yes   yes   yes   yes   yes
logout                -    -     -     -     -     -         yes  yes   yes   yes   yes   yes
account               in   yes   yes   yes   yes   yes       -    -     -     -     -     -
account_password      in   yes   yes   yes   yes   yes       -    -     -     -     -     -
account_password_change -  -     -     -     -     -         in   yes   yes   yes   yes   yes
account_sessions_end  -    -     -     -     -     -         in   yes   yes   yes   yes   yes
account_reauthenticate in  yes   yes   yes   yes   yes       -    -     -     -     -     -
account_prove         -    -     -     -     -     -         in   yes   yes   yes   yes   yes
account_app           in   yes   yes   yes   yes   yes       -    -     -     -     -     -
account_app_add       -    -     -     -     -     -         in   yes   yes   yes   yes   yes
account_passkey       in   yes   yes   yes   yes   yes       -    -     -     -     -     -
account_passkey_add   -    -     -     -     -     -         in   yes   yes   yes   yes   yes
account_factor_remove -    -     -     -     -     -         in   yes   yes   yes   yes   yes
account_codes         in   yes   yes   yes   yes   yes       -    -     -     -     -     -
account_codes_new     -    -     -     -     -     -         in   yes   yes   yes   yes   yes
live                  yes  yes   yes   yes   yes   yes       -    -     -     -     -     -
ready                 yes  yes   yes   yes   yes   yes       -    -     -     -     -     -
metrics               404  404   404   404   404   404       -    -     -     -     -     -
"""


@dataclass(frozen=True, slots=True)
class Address:
    """An address by its name in urls.py, with its route (`groups/<int:pk>/`) and its parts."""

    name: str
    route: str
    parts: tuple[str, ...]

    @property
    def shown(self) -> str:
        """As people write it: /groups/<id>/."""
        return "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", self.route).replace("<pk>", "<id>")


Marks = dict[str, dict[str, str]]


def table(text: str = TABLE) -> dict[str, Marks]:
    """The marks of each address by its name, the method and who comes.

    Raises ValueError for a line that is not whole, a mark that is none, and a name said twice.
    """
    found: dict[str, Marks] = {}
    for line in text.strip().splitlines()[2:]:
        name, *marks = line.split()
        each = len(EVERYBODY)
        if name in found or len(marks) != each * len(METHODS) or not MARKS.issuperset(marks):
            raise ValueError(line)
        found[name] = {
            method: dict(zip(EVERYBODY, marks[each * at : each * (at + 1)], strict=True))
            for at, method in enumerate(METHODS)
        }
    return found


def addresses() -> list[Address]:
    """Every address of the URLconf, in its order."""
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: Iterable[Any], before: str = "") -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield Address(pattern.name or route, route, tuple(pattern.pattern.converters))
