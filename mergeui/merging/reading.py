"""Reading the contacts of a request again from Invent, in as few calls as the API documents."""

from collections.abc import Sequence

from mergeui.invent import Contact, InventClient
from mergeui.review.byhand import find
from mergeui.review.evidence import links


def read_again(client: InventClient, contacts: Sequence[Contact]) -> dict[str, Contact | None]:
    """Each contact as Invent has it now, by id; None for one that was not found.

    One `?user_id=` call for a shared channel returns everybody who has it (invent-api.md, GET
    contacts), so a pair takes one call. A contact that none of the shared channels finds is looked
    for by its own, internal ones last. Raises InventError when Invent can't be read.
    """
    wanted = {contact.id: contact for contact in contacts}
    found: dict[str, Contact] = {}
    asked: set[str] = set()

    def ask(user_id: str) -> None:
        asked.add(user_id)
        for contact in client.contacts_by_user_id(user_id):
            if contact.id in wanted:
                found[contact.id] = contact

    for link in links(contacts):
        if link.user_id not in asked and any(holder not in found for holder in link.holders):
            ask(link.user_id)
    for contact in contacts:
        for channel in sorted(contact.channels, key=lambda channel: not channel.is_external):
            if contact.id in found:
                break
            if channel.user_id and channel.user_id not in asked:
                ask(channel.user_id)
    for contact in contacts:
        # One without any channel (of a group put together by hand) has nothing but its name.
        if contact.id not in found and not any(c.user_id for c in contact.channels):
            again = find(client, contact.id, user_ids=(), name=(contact.name or "").strip())
            if again:
                found[contact.id] = again
    return {contact.id: found.get(contact.id) for contact in contacts}
