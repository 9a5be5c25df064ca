"""The groups of the setting, and the pages of a bulk decision over them."""

from django.test import Client

from mergeui.merging.models import BulkDecision
from mergeui.review.models import Group
from tests.web.cast import text_of


def groups() -> list[Group]:
    return list(Group.objects.order_by("pk"))


def numbers(count: int = 4) -> list[int]:
    return [group.pk for group in groups()[:count]]


def address(bulk: BulkDecision, what: str = "") -> str:
    return f"/bulk/{bulk.pk}/{what}"


def latest() -> BulkDecision:
    return BulkDecision.objects.latest("pk")


def shown(client: Client, bulk: BulkDecision, query: str = "") -> str:
    return text_of(client.get(address(bulk) + query))
