"""The pages of a team and of an account, in Spanish, dark, at four times the size."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone
from playwright.sync_api import Page

from mergeui.accounts.models import Membership, PolicyChange, Role, User
from mergeui.audit.actor import Actor
from mergeui.teams.members import disable, invite
from tests.browser.live import LiveDesk
from tests.browser.test_accessibility import ENLARGED, HOSTILE, fits_and_reads
from tests.desk import member

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_page_of_a_team(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page], settings: Any
) -> None:
    settings.ENCRYPTION_KEYS, settings.INVENT_API_KEY = [Fernet.generate_key().decode()], ""
    live_desk()
    page = signed_in(Role.ADMIN, **ENLARGED)
    ada = Actor.member(Membership.objects.select_related("user", "organization").get())
    long = member(Role.APPROVER, name="w" * 150)
    User.objects.filter(pk=long.user_id).update(first_name=HOSTILE[:150])
    disable(member(Role.VIEWER, name="off"), by_user=ada)
    invite(long.organization, role=Role.OPERATOR, label="N" * 100, by_user=ada)
    visit(page, "team", "team/policy")

    PolicyChange.objects.create(
        organization=long.organization,
        wanted={"single_operator": True},
        asked_by=long.user,
        asked_at=timezone.now(),
    )
    visit(page, "team/policy", "team/glass", "team/connection", "erase", "account", "settings")


def visit(page: Page, *places: str) -> None:
    for place in places:
        page.goto(f"/{place}/")
        fits_and_reads(page, f"team-{place.replace('/', '-')}")
