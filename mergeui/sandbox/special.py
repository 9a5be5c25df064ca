"""The groups that a reviewer must not get wrong, one function each."""

from __future__ import annotations

from mergeui.sandbox.directory import Json
from mergeui.sandbox.maker import Maker, stamp
from mergeui.sandbox.names import Name, pick_name


def special_groups(make: Maker) -> dict[str, list[Json]]:
    """All special groups by name: 19 of them or fewer, so that 20 groups have room."""
    makers = (
        unsubscribed_twin, office_phone, near_names, blocked_twin, family_whatsapp, admin,
        chain, hostile_names, nameless, seven, unknown_kinds, many, bare, extra_keys,
        hostile_links, long_name, both_flags,
    )  # fmt: skip
    return {function.__name__: function(make) for function in makers}


def _same(make: Maker, channel: Json, name: str | None = None) -> Json:
    """The same channel as another contact has it."""
    return channel | {"id": make.new_id("channel"), "name": name}


def office_phone(make: Maker) -> list[Json]:
    """Three colleagues behind one office phone: a false suggestion."""
    office = make.by_phone("twilio", make.phone(), "Reception")
    people = [pick_name(make.pick, tongue) for tongue in ("english", "polish", "german")]
    return [
        make.contact(
            one.full,
            [_same(make, office, one.full), make.by_email(f"{one.address}@office.example.com")],
        )
        for one in people
    ]


def family_whatsapp(make: Maker) -> list[Json]:
    """A mother and two children on one WhatsApp number."""
    number = make.by_phone("whatsapp_bot", make.phone(), "Familia Núñez")
    given = ("Carmen", "Mateo", "Lucía")
    return [make.contact(f"{one} Núñez", [_same(make, number, one)]) for one in given]


def unsubscribed_twin(make: Maker) -> list[Json]:
    """One of two has unsubscribed, with a reason: the consent that must not be lost."""
    name = Name("french", "Chloé", "Lefèvre", "Chloe", "Lefevre")
    email = make.by_email(make.email(name), name.full)
    no_more = {
        "unsubscribed": True,
        "unsubscribed_at": stamp(make.moment()),
        "unsubscribe_reason": "Too many messages",
        "unsubscribe_feedback": "Please only write to me about my orders.",
    }
    return [
        make.contact(name.full, [email, make.by_handle("instagram_dm", name)]),
        make.contact(name.latin, [_same(make, email, name.latin)], **no_more),
    ]


def blocked_twin(make: Maker) -> list[Json]:
    """One of two is blocked."""
    name = Name("cyrillic", "Дмитрий", "Морозов", "Dmitry", "Morozov")
    phone = make.by_phone("telnyx", make.phone(), name.latin)
    blocked = {"blocked": True, "blocked_at": stamp(make.moment())}
    return [
        make.contact(name.full, [phone], **blocked),
        make.contact(name.latin, [_same(make, phone), make.by_email(make.email(name))]),
    ]


def both_flags(make: Maker) -> list[Json]:
    """One is blocked, another has unsubscribed, a third neither; one does not say."""
    name = Name("arabic", "خالد", "منصور", "Khaled", "Mansour")
    email = make.by_email(make.email(name), name.full)
    since = stamp(make.moment())
    silent = make.contact(name.latin, [_same(make, email)])
    del silent["unsubscribed"], silent["unsubscribed_at"]
    return [
        make.contact(name.full, [email], blocked=True, blocked_at=since),
        make.contact(name.latin, [_same(make, email)], unsubscribed=True, unsubscribed_at=since),
        silent,
    ]


def admin(make: Maker) -> list[Json]:
    """A member of the team who once wrote as a customer."""
    name = Name("german", "Jörg", "Böhm", "Joerg", "Boehm")
    email = make.by_email("joerg.boehm@team.example.com", name.full)
    return [
        make.contact(name.full, [email, make.by_chat(name)], is_admin=True),
        make.contact("J. Böhm", [_same(make, email)]),
    ]


def near_names(make: Maker) -> list[Json]:
    """García, Garcia, and the name turned round."""
    name = Name("spanish", "María", "García", "Maria", "Garcia")
    email = make.by_email(make.email(name), name.full)
    phone = make.by_phone("whatsapp_bot", make.phone(), "Maria G")
    return [
        make.contact("María García", [email]),
        make.contact("Maria Garcia", [_same(make, email), phone]),
        make.contact("García, María", [_same(make, phone, "María")]),
    ]


def nameless(make: Maker) -> list[Json]:
    """Two contacts without any name."""
    phone = make.by_phone("whatsapp_bot", make.phone())
    return [
        make.contact(None, [phone]),
        make.contact(None, [_same(make, phone), make.by_phone("twilio", phone["phone"])]),
    ]


def seven(make: Maker) -> list[Json]:
    """One person, seven times."""
    return _often(make, Name("turkish", "Ayşe", "Yılmaz", "Ayse", "Yilmaz"), 7)


def many(make: Maker) -> list[Json]:
    """64 contacts: more sources than the 50 that one merge call takes."""
    return _often(make, Name("english", "Newsletter", "Import", "Newsletter", "Import"), 64)


def _often(make: Maker, name: Name, times: int) -> list[Json]:
    email = make.by_email(make.email(name), name.full)
    return [make.contact(name.variant(make.pick), [_same(make, email)]) for _ in range(times)]


def unknown_kinds(make: Maker) -> list[Json]:
    """Channel types and a segment colour that no list knows yet."""
    name = pick_name(make.pick, "korean")
    new = make.channel("viber_bot", make.new_id("viber"), name.full)
    odd = make.channel("carrier_pigeon", "loft 7", name.full)
    segment = make.segment("Early adopters", "ultraviolet")
    return [
        make.contact(name.full, [new, odd], segments=[segment]),
        make.contact(name.latin, [_same(make, new)]),
    ]


def extra_keys(make: Maker) -> list[Json]:
    """Keys that the reference does not name."""
    name = pick_name(make.pick, "devanagari")
    email = make.by_email(make.email(name), name.full) | {"verified": True, "score": 0.93}
    segment = make.segment("Pilot", "cyan") | {"owner": {"id": "user_1", "name": "Someone"}}
    return [
        make.contact(
            name.full, [email], segments=[segment], lifetime_value=1234.5, tags=["a", "b"]
        ),
        make.contact(name.latin, [_same(make, email)], custom_fields={"plan": {"tier": "gold"}}),
    ]


def bare(make: Maker) -> list[Json]:
    """A contact with nothing that is optional."""
    name = pick_name(make.pick, "greek")
    phone = make.by_phone("telnyx", make.phone(), name.full)
    least = {key: phone[key] for key in ("type", "user_id")} | {"id": make.new_id("channel")}
    return [
        make.contact(name.full, [phone]),
        {"id": make.new_id("contact"), "channels": [least]},
    ]


def hostile_names(make: Maker) -> list[Json]:
    """Names that attack the page: markup, a template, direction marks, invisible letters."""
    email = make.by_email("mallory@example.net", "<script>alert('channel')</script>")
    names = (
        "<img src=x onerror=alert(1)>",
        "{{ 7*7 }}{% debug %}\"><b onmouseover='alert(2)'>",
        "Invoice \u202egpj.exe\u202c due",
        "Pay\u200bPal\u00ad Su\u2060pport\ufeff",
        '=HYPERLINK("http://evil.example.net","click")',
        "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349algo",
    )
    return [make.contact(name, [_same(make, email, name)]) for name in names]


def hostile_links(make: Maker) -> list[Json]:
    """Links and avatars that must not be followed or loaded."""
    name = pick_name(make.pick, "english")
    email = make.by_email(make.email(name), name.full)
    links = (
        "javascript:alert(document.cookie)",
        "JaVaScRiPt\t:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//tracker.example.net/x",
        "https://example.com@evil.example.net/login",
    )
    bad = [
        make.channel(
            "custom", f"link-{number}", link=link, avatar="http://tracker.example.net/p.gif?id=1"
        )
        for number, link in enumerate(links)
    ]
    return [
        make.contact(name.full, [email, *bad]),
        make.contact(name.full, [_same(make, email) | {"email": "<b>not@an</b> address"}]),
    ]


def long_name(make: Maker) -> list[Json]:
    """A name of 512 characters without a place to break it."""
    phone = make.by_phone("twilio", make.phone())
    return [
        make.contact("W" * 512, [phone]),
        make.contact("W" * 40, [_same(make, phone, "長" * 120)]),
    ]


def chain(make: Maker) -> list[Json]:
    """A and B share an e-mail address, B and C a phone: A and C share nothing."""
    name = Name("hebrew", "תמר", "שפירא", "Tamar", "Shapira")
    email = make.by_email(make.email(name), name.full)
    phone = make.by_phone("whatsapp_bot", make.phone(), name.latin)
    return [
        make.contact(name.full, [email]),
        make.contact(name.latin, [_same(make, email), phone]),
        make.contact("Tamar", [_same(make, phone)]),
    ]
