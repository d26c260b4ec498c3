"""OpenID Connect as a relying party: what a service says of itself, the way there, and the answer believed or refused.

OpenID Connect Core 1.0 (3.1, code flow), Discovery 1.0, Back-Channel Logout 1.0, RFC 7636 (PKCE, S256),
RFC 9207 (``iss`` in the answer).
The signature is always checked, also of what came over TLS. The time is the caller's.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from identity import single_sign_on_fetch as fetching
from kernel.errors import GridhallError, gettext_noop

WELL_KNOWN = "/.well-known/openid-configuration"
SCOPE = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
SMALLEST_RSA_BITS = 2048
SKEW = dt.timedelta(seconds=60)
"""So far the service's clock may be off ours."""
OLDEST_TOKEN = dt.timedelta(minutes=10)
LONGEST_SUBJECT = 255
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_KINDS = ("", "jwt", "logout+jwt", "application/logout+jwt")
"""What the head of a logout token may call it; services of before the final text say nothing."""
HEARD_BEFORE = gettext_noop("it was heard before.")
ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
KEPT = (*ADDRESSES, "issuer", "userinfo_endpoint", "end_session_endpoint", "token_endpoint_auth_methods_supported",
        "authorization_response_iss_parameter_supported")  # fmt: skip


class NotAService(GridhallError):
    """What stands at the address is not the description of a sign-in service we can use."""

    code = "sso_not_a_service"
    template = gettext_noop("This sign-in service cannot be used: {reason}")


class NotBelieved(GridhallError):
    """The service's answer does not prove who somebody is."""

    code = "sso_not_believed"
    template = gettext_noop("The sign-in service's answer is refused: {reason}")


@dataclass(frozen=True, slots=True)
class Client:
    """We, as the service knows us."""

    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class LogoutOrder:
    """What the service orders: the order's name, and whose sessions or which one end; one of both may be empty."""

    name: str
    subject: str
    session: str


@dataclass(frozen=True, slots=True)
class Departure:
    """What is remembered of somebody sent to the service; ``verifier`` is told to nobody but the service at the end."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))


def describe(*, issuer: str) -> dict[str, Any]:
    """This will fetch and check what a service says of itself; raises AddressRefused, Unreachable or NotAService."""
    fetching.checked(issuer)
    found = fetching.get(issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != issuer:
        raise NotAService(
            where="issuer", reason=gettext_noop("it calls itself “{found}”. Enter exactly that as the issuer."),
            found=str(found.get("issuer", ""))[:300],
        )  # fmt: skip
    for name in ADDRESSES:
        if not isinstance(found.get(name), str):
            raise NotAService(where="issuer", reason=gettext_noop("it does not name its {name}."), name=name)
    for name in (*ADDRESSES, "userinfo_endpoint", "end_session_endpoint"):
        if found.get(name):
            fetching.checked(str(found[name]))
    if "code" not in found.get("response_types_supported", ["code"]):
        raise NotAService(where="issuer", reason=gettext_noop("it does not offer the code flow."))
    if not set(ALGORITHMS) & set(found.get("id_token_signing_alg_values_supported", ["RS256"])):
        raise NotAService(
            where="issuer", reason=gettext_noop("it signs with none of {names}."), names=", ".join(ALGORITHMS)
        )
    return {name: found[name] for name in KEPT if found.get(name)}


def keys(*, description: Mapping[str, Any]) -> dict[str, Any]:
    """This will fetch the service's public keys; raises AddressRefused, Unreachable or NotAService."""
    found = fetching.get(str(description["jwks_uri"]))
    if not isinstance(found.get("keys"), list) or not found["keys"]:
        raise NotAService(where="issuer", reason=gettext_noop("it shows no keys."))
    return {"keys": [each for each in found["keys"] if isinstance(each, dict)]}


def way_there(*, description: Mapping[str, Any], client: Client, departure: Departure, again: bool = False) -> str:
    """This will return the address to send a browser to; ``again`` asks the service to ask the person anew."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(departure.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "scope": SCOPE, "client_id": client.client_id, "redirect_uri": client.redirect_uri,
        "state": departure.state, "nonce": departure.nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    if again:
        asked |= {"prompt": "login", "max_age": "0"}
    there = str(description["authorization_endpoint"])
    return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"


def redeem(*, description: Mapping[str, Any], client: Client, code: str, verifier: str) -> dict[str, str]:
    """This will exchange a code for tokens; raises Unreachable or NotBelieved."""
    data = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }  # fmt: skip
    headers = {}
    if client.secret and "client_secret_basic" in _ways(description):
        both = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
    else:
        data |= {"client_id": client.client_id} | ({"client_secret": client.secret} if client.secret else {})
    found = fetching.post(str(description["token_endpoint"]), data=data, headers=headers)
    if not isinstance(found.get("id_token"), str):
        raise NotBelieved(reason=gettext_noop("it holds no id_token."))
    return {"id_token": found["id_token"], "access_token": str(found.get("access_token") or "")}


def believed(
    *, token: str, issuer: str, client_id: str, nonce: str, find_key: Callable[[str, str], Any], at: dt.datetime
) -> dict[str, Any]:
    """This will return the claims of an id_token whose signature, issuer, audience, nonce and times are right.

    ``find_key(kid, algorithm)`` returns the service's public key. Raises NotBelieved.
    """
    claims = _signed(token, find_key)
    if claims.get("iss") != issuer:
        raise NotBelieved(reason=gettext_noop("it is of another issuer."))
    _check_audience(claims, client_id)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NotBelieved(reason=gettext_noop("it answers another request (nonce)."))
    _check_times(claims, at)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotBelieved(reason=gettext_noop("it names nobody (sub)."))
    return claims


def logout_order(
    *, token: str, issuer: str, client_id: str, find_key: Callable[[str, str], Any], at: dt.datetime
) -> LogoutOrder:
    """This will return what a logout token orders, when signature, issuer, audience and times are right.

    It is no id_token: it says what happened (``events``), has a name (``jti``), and never a nonce. Raises NotBelieved.
    """
    claims = _signed(token, find_key, kinds=LOGOUT_KINDS)
    if claims.get("iss") != issuer:
        raise NotBelieved(reason=gettext_noop("it is of another issuer."))
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise NotBelieved(reason=gettext_noop("it is meant for another application."))
    _check_times(claims, at)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise NotBelieved(reason=gettext_noop("it is no order to end sessions."))
    name, subject, session = (claims.get(each) or "" for each in ("jti", "sub", "sid"))
    if not all(isinstance(each, str) and len(each) <= LONGEST_SUBJECT for each in (name, subject, session)):
        raise NotBelieved(reason=gettext_noop("its names are no texts, or too long."))
    if not name or not (subject or session):
        raise NotBelieved(reason=gettext_noop("it does not say whose sessions are to end."))
    return LogoutOrder(name=name, subject=subject, session=session)


def key_of(*, keys: Mapping[str, Any], kid: str, algorithm: str) -> Any:
    """This will return the public key that a token names, or None when it is not among them."""
    fitting = [each for each in keys.get("keys", []) if _fits(each, algorithm)]
    named = [each for each in fitting if each.get("kid", "") == kid] if kid else fitting
    if len(named) != 1:
        return None
    try:
        key = jwt.PyJWK(named[0], algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return key if getattr(key, "key_size", SMALLEST_RSA_BITS) >= SMALLEST_RSA_BITS or algorithm in CURVES else None


def more_about(*, description: Mapping[str, Any], access_token: str, subject: str) -> dict[str, Any]:
    """This will return what the service tells beside the id_token about the same person; nothing where it has no such
    address. Raises NotBelieved when it speaks of somebody else.
    """
    address = description.get("userinfo_endpoint")
    if not address or not access_token:
        return {}
    found = fetching.get(str(address), headers={"Authorization": f"Bearer {access_token}"})
    if found.get("sub") != subject:
        raise NotBelieved(reason=gettext_noop("its two answers are about different people (sub)."))
    return found


def _signed(token: str, find_key: Callable[[str, str], Any], *, kinds: tuple[str, ...] | None = None) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise NotBelieved(reason=gettext_noop("it is no signed token.")) from None
    if kinds is not None and str(header.get("typ") or "").lower() not in kinds:
        raise NotBelieved(reason=gettext_noop("it is a token of another kind."))
    algorithm, kid = str(header.get("alg", "")), str(header.get("kid") or "")
    if algorithm not in ALGORITHMS:
        raise NotBelieved(reason=gettext_noop("it is not signed in a way we accept."))
    key = find_key(kid, algorithm)
    if key is None:
        raise NotBelieved(reason=gettext_noop("it is signed with a key the service does not show."))
    unchecked = {name: False for name in ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss",
                                          "verify_sub", "verify_jti")}  # fmt: skip
    try:
        return dict(jwt.decode(token, key, algorithms=[algorithm], options=unchecked))  # type: ignore[arg-type]
    except jwt.PyJWTError:
        raise NotBelieved(reason=gettext_noop("its signature is wrong.")) from None


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if client_id not in several or (party is not None and party != client_id) or (len(several) > 1 and party is None):
        raise NotBelieved(reason=gettext_noop("it is meant for another application."))


def _check_times(claims: Mapping[str, Any], at: dt.datetime) -> None:
    now, skew = at.timestamp(), SKEW.total_seconds()
    times: dict[str, Any] = {name: claims.get(name) for name in ("exp", "iat", "nbf") if claims.get(name) is not None}
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in times.values()):
        raise NotBelieved(reason=gettext_noop("its times are no numbers."))
    if "exp" not in times or "iat" not in times or times["exp"] <= now - skew:
        raise NotBelieved(reason=gettext_noop("it has expired."))
    if times["iat"] > now + skew or times.get("nbf", 0) > now + skew:
        raise NotBelieved(reason=gettext_noop("it is dated in the future: compare the clocks."))
    if times["iat"] < now - skew - OLDEST_TOKEN.total_seconds():
        raise NotBelieved(reason=gettext_noop("it is too old."))


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kind = key.get("kty") == FAMILIES[algorithm[:2]] and key.get("use", "sig") == "sig"
    return kind and key.get("alg", algorithm) == algorithm and key.get("crv") == CURVES.get(algorithm, key.get("crv"))


def _ways(description: Mapping[str, Any]) -> list[str]:
    return list(description.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"])


def shown(claims: Mapping[str, Any]) -> str:
    """This will return claims as text for a person who sets the connection up."""
    return json.dumps(dict(claims), ensure_ascii=False, indent=2, sort_keys=True, default=str)
