"""What is kept encrypted in the database: keys of Invent that were typed on a page or by a command.

Fernet of the cryptography library: AES and an HMAC, with keys that only the environment holds
(ENCRYPTION_KEYS, the newest first). What an older one sealed can still be opened until it has been
sealed anew (`manage.py org rotate`). Each secret is sealed for one purpose: copied to another row,
it can't be opened.
"""

import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from mergeui.errors import Invalid


def can_seal() -> bool:
    """Whether the environment holds a key to seal with."""
    return bool(settings.ENCRYPTION_KEYS)


def new_key() -> str:
    """A fresh key for ENCRYPTION_KEYS."""
    return Fernet.generate_key().decode()


def seal(secret: str, *, purpose: str) -> str:
    """The secret, sealed for a purpose. Raises Invalid when there is no key to seal with."""
    return _box().encrypt(f"{purpose}\n{secret}".encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """The secret again. Raises Invalid when it was sealed by a key, or for a purpose, not known."""
    try:
        sealed_for, _newline, secret = _box().decrypt(sealed.encode()).decode().partition("\n")
    except InvalidToken:
        sealed_for = secret = ""
    if sealed_for != purpose:
        raise Invalid(
            _(
                "A stored key can't be opened: ENCRYPTION_KEYS is not what it was sealed with."
                " Set it as it was, or enter the key once more."
            )
        )
    return secret


def reseal(sealed: str) -> str:
    """Sealed anew by the newest key. Raises Invalid as `unseal` does."""
    try:
        return _box().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise Invalid(
            _("A stored key can't be opened: ENCRYPTION_KEYS lacks what it was sealed with.")
        ) from None


def fingerprint(secret: str) -> str:
    """Eight characters that tell one secret from another and say nothing of it."""
    return hashlib.sha256(f"mergeui\n{secret}".encode()).hexdigest()[:8]


def _box() -> MultiFernet:
    if not settings.ENCRYPTION_KEYS:
        raise Invalid(
            _(
                "ENCRYPTION_KEYS is not set, so no key can be stored: `manage.py org new-key` makes"
                " one. Set it and start again."
            )
        )
    return _boxes(tuple(settings.ENCRYPTION_KEYS))


@cache
def _boxes(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
