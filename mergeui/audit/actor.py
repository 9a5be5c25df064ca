"""Who does something, for the history: explicit, never guessed from a thread."""

from dataclasses import dataclass
from typing import Self

from mergeui import tracing
from mergeui.accounts.models import Membership, Organization, User

SYSTEM = "system"
# How the history names it; in English, because the name is chained with the entry.
NOBODY = "The system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting in one organisation, or the system when `user` is None.

    `address` is the network address, empty for commands and workers; `request_id` that of the web
    request, or of what the worker does, which its calls to Invent say too.
    """

    organization: Organization | None
    user: User | None = None
    role: str = SYSTEM
    address: str = ""
    request_id: str = ""

    @classmethod
    def system(cls, organization: Organization | None) -> Self:
        """The worker, a command, or a rule: nobody in person."""
        return cls(organization=organization, request_id=tracing.current())

    @classmethod
    def member(cls, membership: Membership, *, address: str = "", request_id: str = "") -> Self:
        """A member of an organisation, in the role that they have there now."""
        return cls(
            organization=membership.organization,
            user=membership.user,
            role=membership.role,
            address=address,
            request_id=request_id,
        )

    @property
    def name(self) -> str:
        """The actor as text, kept in the history whatever becomes of the user."""
        return str(self.user) if self.user else NOBODY
