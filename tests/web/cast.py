"""The cast of the page tests: who looks at the desk, and how they send something.

A stranger is a member of another organisation, who must not even learn what exists.
"""

import re
import time
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpResponse
from django.test import Client

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.review.models import Group
from tests.desk import member

HTMX = {"HX-Request": "true"}


def client_of(membership: Membership) -> Client:
    """A browser in which the member has signed in."""
    client = Client()
    client.force_login(membership.user)
    return client


def somebody(role: Role = Role.OPERATOR) -> Client:
    """A new member's browser."""
    return client_of(member(role))


def stranger(role: Role = Role.ADMIN) -> Client:
    """Somebody of another organisation, who may do everything there."""
    other, _ = Organization.objects.get_or_create(invent_org_id="org_other", name="Others")
    return client_of(member(role, other))


def proved(client: Client, *, by: str = "password") -> Client:
    """The same browser, in which the person proved a minute ago that it is them.

    `by="mfa"` is a second factor, which they must have for it to count.
    """
    session = client.session
    session["account_authentication_methods"] = [{"method": by, "at": time.time() - 60}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
    return client


def with_app(membership: Membership) -> Membership:
    """The member with an authenticator app."""
    TOTP.activate(membership.user, generate_totp_secret())
    return membership


TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")\w+')


def text_of(response: HttpResponse) -> str:
    """The page as text, without the tokens of its forms, as a random word holds any short one, and
    without the places where a long word may break."""
    return TOKEN.sub(r"\1", response.content.decode()).replace("<wbr>", "")


def choice(group: Group, **fields: Any) -> dict[str, Any]:
    """The fields of the compare page's form: everything into the recommended primary."""
    ids = [m.contact_id for m in group.members.all()]
    primary = group.primary_contact_id
    return {"primary": primary, "sources": [i for i in ids if i != primary], **fields}
