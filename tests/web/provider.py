"""An identity provider that answers in this process: what a company's sign-in would say."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from requests.adapters import BaseAdapter

ISSUER = "http://127.0.0.1:9"


class Provider(BaseAdapter):
    """Says who somebody is by `claims`; `down` is a provider that does not answer."""

    def __init__(self, **claims: Any) -> None:
        super().__init__()
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "olga.lopez"} | claims
        self.down = False
        self.audience = "desk"
        self.sent: list[dict[str, list[str]]] = []

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The answer to what the desk asks it behind the browser's back."""
        if self.down:
            raise requests.ConnectionError
        path = urlsplit(request.url or "").path
        if path.endswith("/openid-configuration"):
            return self._answer(
                issuer=ISSUER,
                authorization_endpoint=f"{ISSUER}/authorize",
                token_endpoint=f"{ISSUER}/token",
                userinfo_endpoint=f"{ISSUER}/userinfo",
                jwks_uri=f"{ISSUER}/keys",
                token_endpoint_auth_methods_supported=["client_secret_post"],
            )
        if path == "/token":
            self.sent.append(parse_qs(str(request.body)))
            said = {"iss": ISSUER, "aud": self.audience, "sub": self.claims["sub"]}
            token = jwt.encode(said, "k" * 40, algorithm="HS256")
            return self._answer(access_token="t", token_type="Bearer", id_token=token)
        return self._answer(**self.claims)

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, **said: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "application/json"
        response._content = json.dumps(said).encode()
        return response
