"""Worlds from a seed: the same number, the same world."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from mergeui.sandbox.directory import Directory, Json
from mergeui.sandbox.maker import Maker
from mergeui.sandbox.names import Name, pick_name
from mergeui.sandbox.special import special_groups
from mergeui.sandbox.state import Org, World

LONE_CONTACTS = 300
_SUB_ORGS = ("Customer care Berlin", "Atención al cliente Madrid")
_PHONE_TYPES = ("whatsapp_bot", "twilio", "telnyx")
_HANDLE_TYPES = ("instagram_dm", "telegram_bot", "messenger_bot", "slack_bot")


def world(groups: int = 200, seed: int = 1) -> World:
    """A support team's contacts with `groups` groups of duplicates, and some without duplicates.

    From 20 groups on, the special ones of special.py are among the first. Two sub-orgs have five
    groups each. The same arguments give the same world, each time to be changed apart.
    """
    return _world(groups, seed).copy()


@lru_cache(maxsize=8)
def _world(groups: int, seed: int) -> World:
    make = Maker(seed)
    named = special_groups(make) if groups >= 20 else {}
    usual = [_person(make) for _ in range(groups - len(named))]
    lone = [_lone(make) for _ in range(LONE_CONTACTS if groups >= 20 else groups)]
    top = Org(make.new_id("org"), "Example Trading", None, _directory(make, named, usual, lone))
    orgs = [top]
    for number, name in enumerate(_SUB_ORGS):
        own = Maker(f"{seed} sub-org {number}")
        people = [_person(own) for _ in range(5)]
        orgs.append(Org(own.new_id("org"), name, top.id, _directory(own, {}, people, [])))
    ids = {name: tuple(one["id"] for one in contacts) for name, contacts in named.items()}
    return World(orgs, named=ids)


def big(groups: int, contacts: int = 3, channels: int = 3, seed: int = 1) -> World:
    """A uniform world for benchmarks: the contacts of a group share an e-mail channel and have
    `channels` channels each."""
    make = Maker(seed)
    name = Name("english", "Robert", "Smith", "Robert", "Smith")

    def members() -> Iterator[Json]:
        for number in range(groups):
            address = f"person{number}@example.com"
            for _ in range(contacts):
                own = (make.by_handle("telegram_bot", name) for _ in range(channels - 1))
                yield make.contact(name.full, [make.by_email(address), *own])

    directory = Directory(members(), make.segments)
    org = Org(make.new_id("org"), "Big Example", None, directory)
    return World([org])


def _directory(
    make: Maker, named: dict[str, list[Json]], usual: list[list[Json]], lone: list[list[Json]]
) -> Directory:
    special = list(named.values())
    # Two or three usual groups between special ones: all of those are on the first pages.
    mixed: list[list[Json]] = []
    while special or usual:
        mixed += usual[:2] + special[:1]
        del usual[:2], special[:1]
    every = max(1, len(mixed) // (len(lone) + 1))
    contacts: list[Json] = []
    for number, group in enumerate(mixed):
        contacts += group
        if number % every == 0 and lone:
            contacts += lone.pop()
    return Directory([*contacts, *(one for group in lone for one in group)], make.segments)


def _person(make: Maker) -> list[Json]:
    """One person as two to four contacts, each sharing a channel with one before it."""
    pick = make.pick
    name = pick_name(pick)
    shared = [_reachable(make, name)]
    contacts = [make.contact(name.full, [shared[0], *_more(make, name)])]
    for _ in range(pick.choices((1, 2, 3), (70, 22, 8))[0]):
        link = pick.choice(shared)
        again = link | {"id": make.new_id("channel"), "name": name.variant(pick)}
        extra = _more(make, name)
        shared += [channel for channel in extra if channel["type"] != "internal"]
        contacts.append(make.contact(name.variant(pick), [again, *extra]))
    pick.shuffle(contacts)
    return contacts


def _lone(make: Maker) -> list[Json]:
    name = pick_name(make.pick)
    return [make.contact(name.full, [_reachable(make, name), *_more(make, name)])]


def _reachable(make: Maker, name: Name) -> Json:
    """A channel that tells who it is."""
    if make.pick.random() < 0.55:
        return make.by_email(make.email(name), name.full)
    if make.pick.random() < 0.7:
        return make.by_phone(make.pick.choice(_PHONE_TYPES), make.phone(), name.full)
    return make.by_handle(make.pick.choice(_HANDLE_TYPES), name)


def _more(make: Maker, name: Name) -> list[Json]:
    """None, one or two further channels."""
    more: list[Json] = []
    for _ in range(make.pick.choices((0, 1, 2), (45, 40, 15))[0]):
        match make.pick.randrange(4):
            case 0:
                more.append(make.by_chat(name))
            case 1:
                more.append(make.by_phone(make.pick.choice(_PHONE_TYPES), make.phone(), name.full))
            case 2:
                more.append(make.by_handle(make.pick.choice(_HANDLE_TYPES), name))
            case _:
                number = str(make.pick.randrange(10**6))
                custom = make.channel("custom", f"shop-{make.new_id('user')}", name.latin)
                more.append(custom | {"platform_data": {"customer_number": number}})
    return more
