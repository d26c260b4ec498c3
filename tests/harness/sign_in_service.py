"""A sign-in service on this machine that speaks OpenID Connect (code flow, PKCE, RS256), and misbehaves when told to.

Tokens are made with joserfc, so that what the product checks with PyJWT was written by somebody else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

CLIENT, SECRET = "gridhall", "the-client's-secret"
PERSON = {"sub": "s-1", "email": "staff@alder.test", "email_verified": True, "name": "Ada Alder"}
_RSA = [RSAKey.generate_key(2048, parameters={"kid": f"key-{n}", "use": "sig"}, private=True) for n in range(2)]
_STRANGE = RSAKey.generate_key(2048, parameters={"kid": "key-0", "use": "sig"}, private=True)
_EC = ECKey.generate_key("P-256", parameters={"kid": "ec-0", "use": "sig"}, private=True)


class Service:
    """What it says, to whom, and how it errs: ``claims`` go over the right ones, ``None`` leaves one out."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.person: dict[str, Any] = dict(PERSON)
        self.claims: dict[str, Any] = {}
        self.signed: str = "RS256"
        self.keys: list[Any] = [_RSA[0]]
        self.description: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.refuses = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.names: Any = None

    def about(self) -> dict[str, Any]:
        """Return the discovery document."""
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/out",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return {name: value for name, value in (right | self.description).items() if value is not None}

    def authorize(self, asked: dict[str, str]) -> str:
        """Return the address a browser is sent back to."""
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code", asked
        assert "openid" in asked["scope"].split() and asked["code_challenge_method"] == "S256", asked
        back = {"state": asked["state"]}
        if self.refuses:
            back["error"] = self.refuses
        else:
            code = secrets.token_urlsafe(8)
            self.codes[code] = asked
            back["code"] = code
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, given: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code, once, for whoever proves the client and the departure."""
        asked = self.codes.pop(given.get("code", ""), None)
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if challenge != asked["code_challenge"] or given.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        """Return the token, signed as told."""
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked["nonce"]}
        if "max_age" in asked:
            right["auth_time"] = now
        claims = {name: value for name, value in (right | self.person | self.claims).items() if value is not None}
        return self.sign(claims)

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign in the way ``signed`` says, also in wrong ones."""
        header = {"alg": "RS256", "kid": self.keys[0].kid}
        if self.signed == "none":
            return f"{_plain({'alg': 'none'})}.{_plain(claims)}."
        if self.signed == "not at all":
            return f"{_plain(header)}.{_plain(claims)}."
        if self.signed == "by a stranger":
            return jwt.encode(header, claims, _STRANGE)
        if self.signed == "HS256 with the public key":
            public = self.keys[0].as_pem(private=False)
            first = f"{_plain({'alg': 'HS256', 'kid': self.keys[0].kid})}.{_plain(claims)}"
            mark = hmac.new(public, first.encode(), hashlib.sha256).digest()
            return f"{first}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
        if self.signed == "HS256 with the secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        if self.signed == "changed afterwards":
            head, _, tail = jwt.encode(header, claims, self.keys[0]).split(".")
            return f"{head}.{_plain({**claims, 'email': 'other@alder.test'})}.{tail}"
        if self.signed == "ES256":
            return jwt.encode({"alg": "ES256", "kid": _EC.kid}, claims, _EC)
        return jwt.encode(header, claims, self.keys[0])

    def turn_keys(self) -> None:
        """Sign with a new key from now on."""
        self.keys = [_RSA[1], _RSA[0]]

    def shown_keys(self) -> dict[str, Any]:
        return KeySet([*self.keys, _EC]).as_dict(private=False)


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, asked = parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.service.asked.append(path)
        if path.endswith("/.well-known/openid-configuration"):
            self._json(200, self.service.about())
        elif path.endswith("/keys"):
            self._json(200, self.service.shown_keys())
        elif path.endswith("/userinfo"):
            self._json(200, {"sub": self.service.person["sub"], **self.service.userinfo})
        elif path.endswith("/authorize"):
            self.send_response(302)
            self.send_header("Location", self.service.authorize(asked))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._json(404, {"error": "not_found"})

    def do_POST(self) -> None:
        self.service.asked.append(self.path)
        size = int(self.headers.get("Content-Length", "0"))
        given = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
        self._json(*self.service.token(given, self.headers.get("Authorization", "")))

    def _json(self, status: int, found: dict[str, Any]) -> None:
        text = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _plain(found: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Service]:
    """Serve on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"service": service})  # type: ignore[misc]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
