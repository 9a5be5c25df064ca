"""What people said of two contacts of a group before, and what is new since: for its page."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from mergeui.invent import Contact
from mergeui.review.evidence import links
from mergeui.review.models import Group, GroupState
from mergeui.review.pairs import said_of
from mergeui.review.risk import ToldApart, called
from mergeui.review.text import visible
from mergeui.web.deciding import Banner
from mergeui.web.when import ago

MOST_NEWS = 8


def said_in(group: Group) -> tuple[ToldApart, ...]:
    """What was said of any two members of a group, the latest first: one query."""
    return said_of(group.organization_id, [m.contact_id for m in group.members.all()])


def said_banner(
    group: Group, contacts: Sequence[Contact], said: Sequence[ToldApart], now: datetime
) -> Banner | None:
    """That some of an open group were told apart in other company, and why it is asked again."""
    if not said or group.state != GroupState.OPEN:
        return None
    names = called(contacts)
    last = said[0]
    one, other = (names[contact_id] for contact_id in last.ids)
    words = _("Earlier: {one} and {other} were marked as not a duplicate by {who}, {ago}").format(
        one=one, other=other, who=last.who or _("the desk"), ago=ago(last.at, now)
    )
    why = f": “{visible(last.reason)}”" if last.reason else "."
    return Banner("info", "info", words + why, tuple(_news(contacts, said, names)))


def _news(
    contacts: Sequence[Contact], said: Sequence[ToldApart], names: dict[str, str]
) -> list[str]:
    """What nobody knew when it was said: other contacts, and other channels in common."""
    spoken_of = {contact_id for one in said for contact_id in one.ids}
    found = [
        _("{name} was not part of it then.").format(name=name)
        for contact_id, name in names.items()
        if contact_id not in spoken_of
    ]
    for link in links(contacts):
        for one in said:
            new = (link.type, link.user_id) not in one.channels
            if new and set(one.ids) <= set(link.holders):
                first, second = (names[contact_id] for contact_id in one.ids)
                sentence = _("{one} and {other} have {channel} {address} in common by now.")
                found.append(
                    sentence.format(
                        one=first, other=second, channel=link.channel, address=link.address
                    )
                )
    return found[:MOST_NEWS]
