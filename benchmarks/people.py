"""Made-up pairs of contacts that share a channel, and whether they are one person.

What is assumed of the world is in `Assumptions`, nowhere else: no real contacts could be counted.
The rates that grades.py measures follow from it as much as from the rules, and change with it. How
often names are odd or mistyped is set so that a conflict comes out as support teams tell of it,
wrong 3 times in 4; docs/grades.md shows what it is in other worlds.
"""

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from itertools import accumulate

from mergeui.review.text import latin
from mergeui.sandbox.names import _WORDS as SCRIPTED
from mergeui.sandbox.names import FAMILY_FIRST, NICKNAMES

Shares = dict[str, float]
ODD = ("made-up nickname", "new family name", "something else")


@dataclass(frozen=True)
class Assumptions:
    """Shares of 1. Each block adds up to 1, but for `same` and those said to be apart."""

    # Of 100 pairs that Invent suggests, because they share a channel, so many are one person.
    same: float = 0.90
    # Who the others are: one phone in a family, one office line, the next owner of a number.
    different: Shares = field(
        default_factory=lambda: {"family": 0.45, "colleagues": 0.25, "recycled": 0.30}
    )
    # How a name stands in a contact, for either of the two, one person's or not.
    forms: Shares = field(
        default_factory=lambda: {
            "whole": 0.484,
            "first name only": 0.120,
            "none": 0.050,
            "without letters": 0.005,
            "accents left out": 0.060,
            "case": 0.050,
            "turned round": 0.030,
            "other script": 0.050,  # where there is one, else whole
            "nickname": 0.050,  # where there is one, else whole
            "made-up nickname": 0.004,
            "cut short": 0.005,
            "initial of the family": 0.020,
            "initial of the first name": 0.010,
            "typo": 0.010,
            "another name added": 0.025,
            "title": 0.005,
            "run together": 0.010,
            "family name only": 0.005,
            # What no rule can see through: marriage, a company, a handle, somebody else's phone.
            "new family name": 0.003,
            "something else": 0.004,
        }
    )
    # Apart from each other: of two in a family, so many have the same family name; the same first
    # name (a father and his son); first names that differ by their ending (Paul and Paula).
    family_name_shared: float = 0.85
    namesakes: float = 0.001
    alike: float = 0.01
    # Of two others (colleagues, owners of a number), so many speak the same language.
    same_language: float = 0.85
    # How common common names are: the n-th has the weight 1 / n to this power.
    skew: float = 0.7
    # Languages by how often they are met; those with their own script are a quarter.
    languages: Shares = field(
        default_factory=lambda: {
            "en_US": 0.22, "es_ES": 0.14, "de_DE": 0.12, "fr_FR": 0.08, "it_IT": 0.06,
            "pt_BR": 0.06, "nl_NL": 0.04, "sv_SE": 0.02, "tr_TR": 0.02,
            "ru_RU": 0.04, "uk_UA": 0.02, "el_GR": 0.02,
            "polish": 0.03, "vietnamese": 0.02, "arabic": 0.03, "hebrew": 0.01,
            "chinese": 0.03, "japanese": 0.01, "korean": 0.01, "devanagari": 0.02,
        }
    )  # fmt: skip

    def with_odd_names(self, times: float) -> "Assumptions":
        """The same world with names that no rule can see through so many times as often."""
        odd = {name: self.forms[name] * times for name in ODD}
        whole = self.forms["whole"] + sum(self.forms[name] - odd[name] for name in ODD)
        return replace(self, forms={**self.forms, **odd, "whole": whole})


@dataclass(frozen=True, slots=True)
class Person:
    """A name in its own script, and as its bearer writes it in Latin letters."""

    language: str
    given: str
    family: str
    latin_given: str
    latin_family: str

    @property
    def whole(self) -> str:
        if self.language in FAMILY_FIRST:
            gap = "" if self.language in {"chinese", "japanese", "korean"} else " "
            return f"{self.family}{gap}{self.given}"
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class Case:
    """Two names as their contacts have them. `kind` and `forms` say how it came about."""

    one: str
    other: str
    same: bool
    kind: str
    forms: tuple[str, str]


# How bearers spell their own names, after passports and habit: not the library of the rules.
_CYRILLIC = (
    "а=a б=b в=v г=g ґ=g д=d е=e є=ye ё=yo ж=zh з=z и=i і=i ї=yi й=y к=k л=l м=m н=n о=o п=p р=r"
    " с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya"
)
_GREEK = (
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch"
    " ψ=ps ω=o ά=a έ=e ή=i ί=i ό=o ύ=y ώ=o ϊ=i ϋ=y ΐ=i ΰ=y"
)
_MORE_NICKNAMES = {
    "Alexander": "Alex", "Benjamin": "Ben", "Christopher": "Chris", "Deborah": "Debbie",
    "Edward": "Ted", "Patricia": "Trish", "Richard": "Dick", "Theodore": "Teddy",
    "Francisco": "Paco", "Ignacio": "Nacho", "Dolores": "Lola", "Guadalupe": "Lupita",
    "Manuel": "Manolo", "Antonio": "Toño", "Mercedes": "Merche", "Josefa": "Pepa",
    "Johannes": "Hannes", "Sebastian": "Basti", "Friedrich": "Fritz", "Katharina": "Kathi",
    "Elisabeth": "Lisbeth", "Josef": "Sepp", "Giuseppe": "Beppe", "Francesco": "Ciccio",
    "Giovanni": "Gianni", "Luigi": "Gigi", "João": "Joãozinho", "Eduardo": "Dudu",
    "Александр": "Саша", "Мария": "Маша", "Владимир": "Вова", "Николай": "Коля",
    "Κωνσταντίνος": "Κώστας", "Ιωάννης": "Γιάννης",
}  # fmt: skip
_ELSE = (
    "Reception", "iPhone", "Web visitor", "Taller López S.L.", "ACME GmbH", "Cliente", "Kunde 4711",
    "xX_shadow_Xx", "mamá", "Papa", "sunny.day", "Office", "Boss", "the real one",
)  # fmt: skip
_TITLES = ("Dr.", "Mr", "Mrs", "Frau", "Herr", "Sra.", "Sr.")
_SYMBOLS = ("🌸🌸", "...", "—", "♥")


class Generator:
    """A seeded source of pairs."""

    def __init__(self, seed: int, assumed: Assumptions | None = None) -> None:
        self.assumed = assumed or Assumptions()
        self.pick = random.Random(f"grades {seed}")

    def case(self) -> Case:
        """One pair."""
        if self.pick.random() < self.assumed.same:
            person = self.person()
            return self._case(person, person, "one person")
        kind = self._drawn(self.assumed.different)
        one = self.person()
        return self._case(one, self._other(one, kind), kind)

    def _case(self, one: Person, other: Person, kind: str) -> Case:
        forms = self._drawn(self.assumed.forms), self._drawn(self.assumed.forms)
        names = self.written(one, forms[0]), self.written(other, forms[1])
        return Case(*names, kind == "one person", kind, forms)

    def _drawn(self, shares: Shares) -> str:
        return self.pick.choices(list(shares), list(shares.values()))[0]

    def person(self, language: str = "") -> Person:
        """Somebody, of a language or of any."""
        language = language or self._drawn(self.assumed.languages)
        given, family = _names(language, self.assumed.skew)
        return Person(language, *_both(language, given.one(self.pick), family.one(self.pick)))

    def _other(self, one: Person, kind: str) -> Person:
        """Somebody else whose contact has the same channel."""
        if kind != "family":
            stays = self.pick.random() < self.assumed.same_language
            return self._unlike(one, one.language if stays else "")
        other = self._unlike(one, one.language)
        while other.given == one.given:  # but for namesakes, below
            other = self._unlike(one, one.language)
        if self.pick.random() < self.assumed.family_name_shared:
            other = Person(
                one.language, other.given, one.family, other.latin_given, one.latin_family
            )
        luck = self.pick.random()
        if luck < self.assumed.namesakes:
            return Person(
                one.language, one.given, other.family, one.latin_given, other.latin_family
            )
        if luck < self.assumed.namesakes + self.assumed.alike and one.given.isascii():
            ending = self.pick.choice("aeo")
            given = one.given[:-1] + ending if one.given[-1:] in "aeo" else one.given + ending
            return Person(one.language, given, other.family, given, other.latin_family)
        return other

    def _unlike(self, one: Person, language: str) -> Person:
        """Somebody else; with the same first name by chance, as often as it comes.

        Not where a list has ten first names: strangers would be namesakes ten times too often.
        """
        other = self.person(language)
        while other.language in SCRIPTED and other.given == one.given:
            other = self.person(language)
        return other

    def written(self, person: Person, form: str) -> str:
        """A name as a contact has it."""
        given, family, whole = person.given, person.family, person.whole
        native = person.latin_given == given
        match form:
            case "first name only":
                return given
            case "none":
                return ""
            case "without letters":
                return self.pick.choice(_SYMBOLS)
            case "accents left out":
                return latin(whole).title() if native else whole
            case "case":
                return self.pick.choice((whole.upper(), whole.lower()))
            case "turned round":
                return f"{family}, {given}"
            case "other script":
                return f"{person.latin_given} {person.latin_family}"
            case "nickname":
                short = NICKNAMES.get(given) or _MORE_NICKNAMES.get(given)
                return f"{short} {family}" if short else whole
            case "made-up nickname":
                return f"{given[:3]}{self.pick.choice(('i', 'y', 'ito', 'chen', 'ka'))} {family}"
            case "cut short":
                return f"{given[: max(3, len(given) // 2)]} {family}"
            case "initial of the family":
                return f"{given} {family[0]}."
            case "initial of the first name":
                return f"{given[0]}. {family}"
            case "typo":
                return self._slip(whole)
            case "another name added":
                more = self.person(person.language)
                between = self.pick.random() < 0.5
                return (
                    f"{given} {more.given} {family}"
                    if between
                    else f"{given} {family} {more.family}"
                )
            case "title":
                return f"{self.pick.choice(_TITLES)} {whole}"
            case "run together":
                return latin(f"{person.latin_given}{person.latin_family}")
            case "family name only":
                return family
            case "new family name":
                return f"{given} {self.person(person.language).family}"
            case "something else":
                return self.pick.choice(_ELSE)
        return whole

    def _slip(self, text: str) -> str:
        """One letter left out, doubled, changed or swapped with the next."""
        at = self.pick.randrange(1, len(text)) if len(text) > 2 else 0
        match self.pick.randrange(4):
            case 0:
                return text[:at] + text[at + 1 :]
            case 1:
                return text[:at] + text[at] + text[at:]
            case 2:
                return text[:at] + self.pick.choice("aeinrst") + text[at + 1 :]
        return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]


class _Names:
    """Names of one kind, the common ones more often."""

    def __init__(self, names: Sequence[tuple[str, str]], skew: float) -> None:
        self.names = names
        self.sums = list(accumulate(1 / (n + 1) ** skew for n in range(len(names))))

    def one(self, pick: random.Random) -> tuple[str, str]:
        return self.names[bisect(self.sums, pick.random() * self.sums[-1])]


@cache
def _names(language: str, skew: float) -> tuple[_Names, _Names]:
    if language in SCRIPTED:
        given, family = SCRIPTED[language]
    else:
        provider = import_module(f"faker.providers.person.{language}").Provider
        given, family = (
            [(name, "") for name in dict.fromkeys(names)]
            for names in (provider.first_names, provider.last_names)
        )
    mixed = random.Random(f"order {language}")

    def shuffled(some: Sequence[tuple[str, str]]) -> _Names:
        return _Names(mixed.sample(list(some), len(some)), skew)

    return shuffled(given), shuffled(family)


def _both(language: str, given: tuple[str, str], family: tuple[str, str]) -> tuple[str, ...]:
    """A given and a family name as they are, then both in Latin letters."""
    letters = {"ru_RU": _CYRILLIC, "uk_UA": _CYRILLIC, "el_GR": _GREEK}.get(language)
    if letters:
        return given[0], family[0], _spelled(given[0], letters), _spelled(family[0], letters)
    return given[0], family[0], given[1] or given[0], family[1] or family[0]


@cache
def _spelled(text: str, letters: str) -> str:
    known = dict(pair.split("=") for pair in letters.split(" "))
    return "".join(known.get(char, char) for char in text.lower()).capitalize()
