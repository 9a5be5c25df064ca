"""What second factors are made of lies sealed, by the keys that seal keys of Invent too."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from mergeui.accounts.models import Role
from mergeui.errors import Invalid
from mergeui.sealing import SECOND_FACTOR, new_key, seal, unseal
from tests.desk import member
from tests.web.cast import client_of, proved
from tests.web.test_account import code_of, set_up_app, sign_in

pytestmark = pytest.mark.django_db


def app_of_olga() -> str:
    """Olga sets up her app; its secret."""
    return set_up_app(proved(client_of(member(Role.OPERATOR, name="olga"))))


def test_all_is_sealed_anew_by_one_command(settings) -> None:
    secret = app_of_olga()
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    before = codes.wrap().get_unused_codes()
    settings.ENCRYPTION_KEYS = [new_key()]
    out = StringIO()
    call_command("org", "rotate", stdout=out)
    settings.SECRET_KEY = "another key " * 4  # the one that had sealed them is gone

    assert "0 keys and 2 second factors" in out.getvalue()
    browser, _ = sign_in()
    assert browser.post("/login/second/", {"code": code_of(secret, 1)}).status_code == 303
    codes.refresh_from_db()
    assert codes.wrap().get_unused_codes() == before


def test_what_can_not_be_opened_stops_it(settings) -> None:
    app_of_olga()
    kept = list(Authenticator.objects.values_list("data", flat=True))
    settings.SECRET_KEY = "another key " * 4

    with pytest.raises(CommandError, match="can't be opened"):
        call_command("org", "rotate")
    assert list(Authenticator.objects.values_list("data", flat=True)) == kept


def test_what_an_earlier_version_sealed_is_opened(settings) -> None:
    digest = sha256(b"second factors:" + settings.SECRET_KEY.encode()).digest()
    bare = Fernet(urlsafe_b64encode(digest)).encrypt(b"JBSWY3DP").decode()

    assert unseal(bare, purpose=SECOND_FACTOR) == "JBSWY3DP"
    with pytest.raises(Invalid):
        unseal(bare, purpose="organization:1")


def test_what_is_sealed_for_one_purpose_is_of_no_use_for_another() -> None:
    sealed = seal("sk-secret", purpose="organization:1")

    with pytest.raises(Invalid):
        unseal(sealed, purpose=SECOND_FACTOR)
