"""Looking at the queue: what is asked for, and the groups that it finds."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable, RawSQL

from mergeui.accounts.models import Organization
from mergeui.review.finding import Terms, keys_in
from mergeui.review.grades import SURE
from mergeui.review.models import Channel, Group, GroupQuerySet, Segment
from mergeui.review.terms import SIZES, asked, channel_term, segment_term, size_term
from mergeui.web.paging import bounded_count
from mergeui.web.when import number

# So many groups are quicker read by their keys, and put in order, than found among all the others
# in their order.
FEW = 3_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a look at the queue asks for; empty strings ask for nothing."""

    q: str = ""
    state: str = "open"
    channel: str = ""
    segment: str = ""
    risk: str = ""
    size: str = ""
    grade: str = ""
    sort: str = "oldest"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the state limits the list."""
        return any((self.q, self.channel, self.segment, self.risk, self.size, self.grade))

    @property
    def in_words(self) -> bool:
        """Whether more is asked for than what a group's own columns say."""
        return any((self.q, self.channel, self.segment))

    @property
    def grades(self) -> tuple[str, ...]:
        """The grades that are asked for, none when any will do."""
        return SURE if self.grade == "sure" else (self.grade,) if self.grade else ()


def find(organization: Organization, wanted: Wanted) -> GroupQuerySet:
    """The groups of the organisation that are asked for, in no order."""
    groups = Group.objects.of(organization).filter(_words(wanted.q))
    if wanted.state != "all":
        groups = groups.filter(state=wanted.state)
    if wanted.channel:
        # By `in`, or SQLite reads all channels of the type for each group: of a column that is said
        # to be true and not what it equals, it takes no index.
        holding = Channel.objects.filter(
            group=OuterRef("pk"), type=wanted.channel, shared__in=[True]
        )
        groups = groups.filter(Exists(holding))
    if wanted.segment:
        labels = Segment.objects.filter(organization=organization, segment_id=wanted.segment)
        through = Group.segments.through.objects.filter(
            group_id=OuterRef("pk"), segment_id__in=labels.values("pk")
        )
        groups = groups.filter(Exists(through))
    if wanted.risk in {"any", "none"}:
        groups = groups.filter(risky=wanted.risk == "any")
    elif wanted.risk:
        groups = groups.filter(risky=True, risks__contains=f",{wanted.risk},")
    if wanted.grade:
        groups = groups.filter(grade__in=wanted.grades)
    if wanted.size:
        low, high = SIZES[wanted.size]
        of_it = Q(size__gte=low) & (Q(size__lte=high) if high else Q())
        groups = groups.alias(size=_size_in(wanted.sort)).filter(of_it)
    return groups


def _size_in(sort: str) -> Combinable:
    """What a group's size is compared as in a list of this order.

    SQLite would find all groups of a size by its index, to put them in another order: 0.2 s
    for 100,000. Of a sum it has no index, and goes through the list in its order.
    """
    plain = connection.vendor == "postgresql" or sort in {"largest", "smallest"}
    return F("member_count") if plain else F("member_count") + 0


def _words(text: str) -> Q:
    """Every word has to be the beginning of a term (review/terms.py)."""
    condition = Q()
    for spellings in asked(text):
        either = Q()
        for term in spellings:
            either |= Q(search_text__startswith=term) | Q(search_text__contains=f"\n{term}")
        condition &= either
    return condition


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the queue found: the groups, in no order, and what says how many there are.

    Not counted to the end where they are many: "4,000+".
    """

    groups: GroupQuerySet
    count: Callable[[], str]


def look(organization: Organization, wanted: Wanted) -> Looked:
    """The groups that are asked for, by the quickest way to some of them; asks the index once.

    Few are read by their keys. Many lie so close in any order that the next 50 of it come soon.
    """
    found = find(organization, wanted)
    if not wanted.narrowed:
        return Looked(found, lambda: bounded_count(found))
    if _by_columns(wanted):
        keys = keys_in(*found.order_by().values("id")[: FEW + 1].query.sql_with_params())
    else:
        keys = terms_of(organization, wanted).keys(FEW + 1)
    if len(keys) > FEW:
        return Looked(found, lambda: f"{number(FEW)}+")
    # What the index has looked at is not looked at again, row by row: not even the organisation,
    # by whose index SQLite would go through all of its groups in their order.
    return Looked(Group.objects.filter(pk__among=keys), lambda: number(len(keys)))


def counted(organization: Organization, wanted: Wanted, most: int) -> "BoundedCount | RawSQL":
    """How many groups are asked for, counted up to `most`: a part of a query."""
    if wanted.narrowed and not _by_columns(wanted):
        return terms_of(organization, wanted).counted(most)
    return BoundedCount(find(organization, wanted).order_by().values("pk")[:most])


def _by_columns(wanted: Wanted) -> bool:
    """Whether an index of columns counts them: it can stop, where PostgreSQL's index of terms puts
    all of them together first. SQLite's stops too."""
    by_words = wanted.in_words or wanted.state == "all"
    return connection.vendor == "postgresql" and not by_words


class BoundedCount(Subquery):
    """How many rows a sliced query has, as a part of another one."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def terms_of(organization: Organization, wanted: Wanted) -> Terms:
    """What the index is asked for."""
    whole = [
        wanted.state != "all" and f"#state:{wanted.state}",
        wanted.channel and channel_term(wanted.channel),
        wanted.segment and segment_term(wanted.segment),
        wanted.size and size_term(SIZES[wanted.size][0]),
        wanted.risk and _risk_term(wanted.risk),
    ]
    grades = [f"#grade:{grade}" for grade in wanted.grades]
    return Terms.of(
        organization,
        [term for term in whole if term],
        either=[grades] if grades else [],
        begun=asked(wanted.q),
    )


def _risk_term(risk: str) -> str:
    return {"any": "#risky", "none": "#calm"}.get(risk) or f"#risk:{risk}"
