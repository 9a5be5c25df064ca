"""A passkey in software: answers what a page asks the browser's authenticator for."""

import hashlib
import json
from secrets import token_bytes
from struct import pack
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData

HOST, ORIGIN = "testserver", "http://testserver"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One key for one person; `handle` is how it knows them."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.handle, self.uses = token_bytes(16), "", 0

    def create(self, options: dict[str, Any]) -> str:
        """The answer to the page that adds a passkey."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(bytes(16), self.id, public)
        data = self._data(PRESENT | VERIFIED | ATTESTED) + bytes(attested)
        answer = {
            "clientDataJSON": self._client("webauthn.create", asked["challenge"]),
            "attestationObject": websafe_encode(
                cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
            ),
        }
        return self._credential(answer)

    def get(self, options: dict[str, Any]) -> str:
        """The answer to a page that wants a proof."""
        self.uses += 1
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = self._data(PRESENT | VERIFIED)
        signed = data + hashlib.sha256(websafe_decode(client)).digest()
        answer = {
            "clientDataJSON": client,
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.handle,
        }
        return self._credential(answer)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(HOST.encode()).digest() + pack(">BI", flags, self.uses)

    def _client(self, kind: str, challenge: str) -> str:
        said = {"type": kind, "challenge": challenge, "origin": ORIGIN}
        return websafe_encode(json.dumps(said).encode())

    def _credential(self, answer: dict[str, str]) -> str:
        number = websafe_encode(self.id)
        whole = {"type": "public-key", "id": number, "rawId": number, "response": answer}
        return json.dumps(whole | {"clientExtensionResults": {"credProps": {"rk": True}}})
