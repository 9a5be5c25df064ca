"""What is kept encrypted in the database: keys of Invent, and the secrets of second factors.

Fernet of the cryptography library: AES and an HMAC, with keys that only the environment holds. The
first of ENCRYPTION_KEYS seals; where none is set, a key made of SECRET_KEY seals second factors,
and no key of Invent is taken. What any other of them has sealed, and SECRET_KEY_FALLBACKS, is still
opened until all is sealed anew (`manage.py org rotate`). Each secret is sealed for one purpose:
copied to another place, it can't be opened.
"""

import hashlib
from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from mergeui.errors import Invalid

SECOND_FACTOR = "second factor"
# Sealed by a version that did not say for what.
SEALED_BARE = {SECOND_FACTOR}


def can_seal() -> bool:
    """Whether the environment holds a key to seal keys of Invent with."""
    return bool(settings.ENCRYPTION_KEYS)


def new_key() -> str:
    """A fresh key for ENCRYPTION_KEYS."""
    return Fernet.generate_key().decode()


def seal(secret: str, *, purpose: str) -> str:
    """The secret, sealed for a purpose."""
    return _box().encrypt(f"{purpose}\n{secret}".encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """The secret again. Raises Invalid when it was sealed by a key, or for a purpose, not known."""
    try:
        opened = _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        opened = ""
    sealed_for, newline, secret = opened.partition("\n")
    if purpose in SEALED_BARE and opened and not newline:
        return opened
    if sealed_for != purpose:
        raise Invalid(
            _(
                "A stored key can't be opened: ENCRYPTION_KEYS is not what it was sealed with."
                " Set it as it was, or enter the key once more."
            )
        )
    return secret


def reseal(sealed: str, *, purpose: str) -> str:
    """Sealed anew by the newest key. Raises Invalid as `unseal` does."""
    return seal(unseal(sealed, purpose=purpose), purpose=purpose)


def fingerprint(secret: str) -> str:
    """Eight characters that tell one secret from another and say nothing of it."""
    return hashlib.sha256(f"mergeui\n{secret}".encode()).hexdigest()[:8]


def _box() -> MultiFernet:
    secret_keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return _boxes(tuple(settings.ENCRYPTION_KEYS), secret_keys)


@cache
def _boxes(keys: tuple[str, ...], secret_keys: tuple[str, ...]) -> MultiFernet:
    salted = (hashlib.sha256(b"second factors:" + key.encode()).digest() for key in secret_keys)
    made = [Fernet(urlsafe_b64encode(digest)) for digest in salted]
    return MultiFernet([*(Fernet(key) for key in keys), *made])
