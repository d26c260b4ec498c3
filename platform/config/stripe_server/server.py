"""The server itself: one lock, one request at a time; in a test by `Server`, for the demo by `__main__`."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.stripe_server import accounts, answers, clocks, encoding, idempotency, pages, routes, shapes, webhooks
from config.stripe_server.refusals import Refused
from config.stripe_server.state import PLATFORM, Desk, Store, Thing, shown

HOST = "127.0.0.1"
PLATFORM_KEY = "sk_test_platform"
POLL_SECONDS = 0.5
Answer = tuple[int, Mapping[str, str], bytes]


class Server:
    """Stripe on this machine. ``keys`` are secret keys with the accounts they open; the platform's is always there."""

    def __init__(
        self,
        *,
        port: int = 0,
        path: Path | None = None,
        keys: Mapping[str, str] | None = None,
        clock: Callable[[], int] | None = None,
        delivers: bool = False,
    ) -> None:
        self.store = Store(path)
        self.keys = {PLATFORM_KEY: PLATFORM, **(keys or {})}
        self.clock = clock or (lambda: int(time.time()))
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.RLock()
        self._ending = threading.Event()
        self._delivers = delivers
        self._web = ThreadingHTTPServer((HOST, port), _handler(self))
        self._web.daemon_threads = True
        self.base = f"http://{HOST}:{self._web.server_address[1]}"
        self._threads: list[threading.Thread] = []

    def start(self) -> Server:
        """Serve in threads of this process."""
        self._threads = [threading.Thread(target=self._web.serve_forever, args=(0.05,), daemon=True)]
        if self._delivers:
            self._threads.append(threading.Thread(target=self._deliver_on_and_on, daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and let go of port and file."""
        self._ending.set()
        self._web.shutdown()
        for thread in self._threads:
            thread.join(timeout=30)
        self._web.server_close()
        self.store.close()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def desk(self, account: str = PLATFORM) -> Desk:
        """Return a desk at an account, for what only the world outside does: disputes, payouts, banks that refuse."""
        return Desk(self.store, account, self.base, self.clock)

    def deliveries(self) -> list[webhooks.Delivery]:
        """Return every event for every endpoint that wants it, signed now, oldest first: a test sends them as it likes."""
        with self.lock:
            events = [thing for thing in self.store.things.values() if thing["object"] == "event"]
            now = self.clock()
            return [
                webhooks.delivery(event, endpoint, now)
                for event in events
                for endpoint in webhooks.wanted(self.store, event)
            ]

    def deliver(self) -> int:
        """Send what is due now; return how many were taken."""
        with self.lock:
            now = self.clock()
            due = [(e, p, webhooks.delivery(e, p, now)) for e, p in webhooks.waiting(self.store, now)]
        taken = 0
        for event, endpoint, sent in due:
            answered = webhooks.send(sent)
            taken += answered
            with self.lock:
                webhooks.note(self.store, event, endpoint, now, taken=answered)
                self.store.commit()
        return taken

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request."""
        parts = urlsplit(target)
        with self.lock:
            self.requests.append((method, parts.path))
            if parts.path.startswith("/v1/"):
                return self._api(method, parts.path, parts.query, headers, body)
            return pages.answer(
                self.desk(), self.store, method, parts.path, encoding.decoded(body.decode() or parts.query)
            )

    def _api(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        request = f"req_{secrets.token_hex(7)}"
        sent = {
            "Content-Type": "application/json",
            "Request-Id": request,
            "Stripe-Version": headers.get("Stripe-Version", ""),
        }
        try:
            desk = self._desk_of(headers, request)
            status, answer, replayed = self._replayed(desk, method, path, body.decode() if method == "POST" else query)
            if replayed:
                sent["Idempotent-Replayed"] = "true"
        except Refused as refusal:
            self.store.undo()
            status, answer = refusal.status, _error(refusal, request)
        return status, sent, json.dumps(answer).encode()

    def _replayed(self, desk: Desk, method: str, path: str, text: str) -> tuple[int, Any, bool]:
        raw = encoding.decoded(text)
        key = desk.idempotency_key if method == "POST" else None
        before = idempotency.known(desk, key, path, raw) if key else None
        if before:
            return before[0], before[1], True
        found = routes.find(method, path)
        if found is None:
            raise Refused(f"Unrecognized request URL ({method}: {path}).", status=404)
        params = shapes.checked(found[0].params, raw)
        status, answer = self._done(desk, found[0], found[1], params)
        if key:
            idempotency.keep(desk, key, path, raw, status, answer)
        self.store.commit()
        return status, answer, False

    def _done(self, desk: Desk, route: routes.Route, key: str, params: Thing) -> tuple[int, Any]:
        """Do it; a refusal after the deed began (a declined card) is an answer that stays."""
        expand = params.pop("expand", []) or []
        try:
            made = route.answer(desk, key, params)
            return 200, answers.finished(desk, made, expand)
        except Refused as refusal:
            if not refusal.kept:
                raise
            return refusal.status, _error(refusal, desk.request or "")

    def _desk_of(self, headers: Mapping[str, str], request: str) -> Desk:
        key = headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if key not in self.keys:
            shown_key = f"{key[:8]}****{key[-4:]}" if key else ""
            raise Refused(f"Invalid API Key provided: {shown_key}", status=401)
        account = self.keys[key]
        desk = Desk(self.store, account, self.base, self.clock, request, headers.get("Idempotency-Key"))
        accounts.of_key(desk, account)
        self.store.commit()
        named = headers.get("Stripe-Account")
        if named and named != account:
            accounts.own(desk, named)
            desk.account = named
        return desk

    def _deliver_on_and_on(self) -> None:
        while not self._ending.wait(POLL_SECONDS):
            with self.lock:
                for account in [a["id"] for a in self.store.things.values() if a["object"] == "account"]:
                    clocks.sweep(self.desk(account))
                self.store.commit()
            self.deliver()


def _error(refusal: Refused, request: str) -> Any:
    body = {**shown(refusal.body), "request_log_url": f"https://dashboard.stripe.com/test/logs/{request}"}
    return {"error": body}


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Hands a request to the server and its answer back."""

        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, headers, answer = server.answer(self.command, self.path, dict(self.headers), body)
            except Exception as error:
                server.store.undo()
                wrong = {"error": {"type": "api_error", "message": f"{type(error).__name__}: {error}"}}
                status, headers, answer = 500, {"Content-Type": "application/json"}, json.dumps(wrong).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
