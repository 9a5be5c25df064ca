"""Two brands in one installation: the configured one, and another with an org of its own."""

from typing import Any

from cryptography.fernet import Fernet

from mergeui.accounts.models import Organization
from mergeui.invent import InventClient
from mergeui.sandbox import Org, Sandbox, SandboxTransport, World
from mergeui.sandbox.directory import Directory
from mergeui.teams.keys import Candidate
from tests.contacts import contact, whatsapp
from tests.desk import KEY

HATS_KEY = "sk-of-the-hats-0123456789-abcd"
SEALING = Fernet.generate_key().decode()


def twins(name: str, number: str) -> list[dict[str, Any]]:
    """Two contacts of one name and number."""
    return [contact(name, whatsapp(number)) for _ in range(2)]


class Brands:
    """A stand-in Invent with two orgs and a sub-org, and a desk that knows the first two."""

    def __init__(self) -> None:
        self.world = World([
            _org("org_shoes", "Shoes", twins("Ana", "+15550101")),
            _org("org_hats", "Hats", twins("Boris", "+15550102")),
            _org("org_caps", "Caps", twins("Carla", "+15550103"), parent="org_hats"),
        ])  # fmt: skip
        self.sandbox = Sandbox(self.world, key=KEY)
        self.sandbox.keys[HATS_KEY] = "org_hats"
        self.shoes = Organization.objects.configured()
        self.hats = Organization.objects.create(invent_org_id="org_hats", name="Hats")

    def client(self, org_id: str = "org_hats", key: str = HATS_KEY) -> InventClient:
        """A client of the stand-in; reads are tried once."""
        transport = SandboxTransport(self.sandbox)
        return InventClient("http://invent.test", key, org_id, transport=transport, tries=1)

    def connect(self, org: Candidate | Organization, **more: Any) -> InventClient:
        """In place of mergeui.connect.connect."""
        return self.client(org.invent_org_id, org.api_key())


def _org(number: str, name: str, contacts: list[dict[str, Any]], parent: str | None = None) -> Org:
    return Org(number, name, parent, Directory(contacts, []))
