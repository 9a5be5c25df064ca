"""The scoring of MDN's HTTP Observatory, for one answer of ours.

The rules and their points are those of its published score table (version 5 of the tests). Left out
are what no header of ours can say: whether browsers ship the host in their list of HSTS preloads,
and hashes of scripts from other hosts, of which there are none.
"""

import re
from http.cookies import Morsel, SimpleCookie
from itertools import chain

from django.http import HttpResponse

BEGIN = 100
BROAD = {"http:", "https:", "ftp:", "*", "http://*", "https://*", "http://*.*", "https://*.*"}
UNSAFE = {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
UNSAFE_REFERRERS = {"origin", "origin-when-cross-origin", "unsafe-url",
                    "no-referrer-when-downgrade"}  # fmt: skip
SIX_MONTHS = 15_768_000


def points(response: HttpResponse) -> dict[str, int]:
    """What each test adds to or takes from the score of an answer over https."""
    policy = csp(response.headers.get("Content-Security-Policy", ""))
    return {
        "content-security-policy": _csp(policy),
        "cookies": _cookies(response.cookies),
        "cross-origin-resource-sharing": _sharing(response),
        "cross-origin-resource-policy": _resource_policy(response),
        "referrer-policy": _referrer(response.headers.get("Referrer-Policy", "")),
        "strict-transport-security": _hsts(response.headers.get("Strict-Transport-Security", "")),
        "subresource-integrity": _scripts(response),
        "x-content-type-options": (
            0 if response.headers.get("X-Content-Type-Options") == "nosniff" else -5
        ),
        "x-frame-options": _framing(response, policy),
    }


def best(response: HttpResponse) -> dict[str, int]:
    """What the tests give at most; a cookie has to be there to earn anything."""
    return {
        "content-security-policy": 10,
        "cookies": 5 if response.cookies else 0,
        "cross-origin-resource-sharing": 0,
        "cross-origin-resource-policy": 10,
        "referrer-policy": 5,
        "strict-transport-security": 0,
        "subresource-integrity": 0,
        "x-content-type-options": 0,
        "x-frame-options": 5,
    }


def score(response: HttpResponse) -> int:
    """The score; extra credit counts only when 90 are reached without it."""
    found = points(response).values()
    plain = BEGIN + sum(point for point in found if point < 0)
    return plain + (sum(point for point in found if point > 0) if plain >= 90 else 0)


def csp(header: str) -> dict[str, set[str]]:
    """The directives of a policy; of one that is there twice the first counts."""
    directives: dict[str, set[str]] = {}
    for directive in header.split(";"):
        name, *sources = directive.split() or [""]
        if name:
            directives.setdefault(name.lower(), set(sources))
    return directives


def _csp(policy: dict[str, set[str]]) -> int:
    if not policy:
        return -25
    default = policy.get("default-src", {"*"})
    script, style, objects = (
        policy.get(name, default) for name in ("script-src", "style-src", "object-src")
    )
    passive = {"img-src", "media-src"}
    active = set(chain(*(sources for name, sources in policy.items() if name not in passive)))
    insecure = ("http:", "ftp:")
    if script & (BROAD | UNSAFE) or objects & BROAD:
        return -20
    if any(source.startswith(insecure) for source in active):
        return -20
    if "'unsafe-eval'" in script | style:
        return -10
    if any(s.startswith(insecure) for name in passive for s in policy.get(name, default)):
        return -10
    if style & (BROAD | UNSAFE):
        return 0
    return 10 if default == {"'none'"} else 5


def _cookies(cookies: "SimpleCookie") -> int:
    return min((_cookie(name.lower(), one) for name, one in cookies.items()), default=0)


def _cookie(name: str, cookie: "Morsel[str]") -> int:
    session, csrf = "sess" in name or "login" in name, "csrf" in name
    if not cookie["secure"]:
        return -40 if session else -20
    if session and not cookie["httponly"]:
        return -30
    same_site = cookie["samesite"].lower()
    if same_site not in {"", "lax", "strict", "none"} or (csrf and not same_site):
        return -20
    return 5 if same_site else 0


def _sharing(response: HttpResponse) -> int:
    credentials = "Access-Control-Allow-Credentials" in response.headers
    return -50 if credentials and "Access-Control-Allow-Origin" in response.headers else 0


def _resource_policy(response: HttpResponse) -> int:
    given = response.headers.get("Cross-Origin-Resource-Policy", "cross-origin")
    return {"same-origin": 10, "same-site": 10, "cross-origin": 0}.get(given, -5)


def _referrer(header: str) -> int:
    policies = [policy.strip() for policy in header.split(",") if policy.strip()]
    known = [policy for policy in policies if policy in PRIVATE | UNSAFE_REFERRERS]
    if not policies:
        return 0
    return 5 if known and known[-1] in PRIVATE else -5


def _hsts(header: str) -> int:
    found = re.search(r"max-age=(\d+)", header)
    if not found:
        return -20
    return 0 if int(found.group(1)) >= SIX_MONTHS else -10


def _scripts(response: HttpResponse) -> int:
    if response.streaming or "html" not in response.headers["Content-Type"]:
        return 0
    addresses = re.findall(r"<script[^>]*\bsrc=[\"']?([^\"'> ]+)", response.content.decode())
    return 0 if all(re.match(r"/(?!/)", address) for address in addresses) else -50


def _framing(response: HttpResponse, policy: dict[str, set[str]]) -> int:
    if policy.get("frame-ancestors", BROAD).isdisjoint(BROAD):
        return 5
    return 0 if response.headers.get("X-Frame-Options") in {"DENY", "SAMEORIGIN"} else -20
