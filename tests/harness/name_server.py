"""A name server on this machine, with records that a test sets; and a TLS server with certificates of a test's own."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TTL = 60


class NameServer:
    """Answers by UDP what ``records`` hold: {("a.test", "CNAME"): ["b.localhost."]}; CNAMEs are followed."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.silent = False
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            if not self.silent:
                self._socket.sendto(self._answer(data), sender)

    def _answer(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        while (name, "CNAME") in self.records and kind != "CNAME":
            response.answer.append(dns.rrset.from_text(f"{name}.", TTL, "IN", "CNAME", *self.records[name, "CNAME"]))
            name = self.records[name, "CNAME"][0].rstrip(".")
        if (name, kind) in self.records:
            response.answer.append(dns.rrset.from_text(f"{name}.", TTL, "IN", kind, *self.records[name, kind]))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


class Authority:
    """A certificate authority of a test's own; ``path`` is its root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        now = dt.datetime.now(dt.UTC)
        built = self._building(self._name, self._key.public_key(), now - dt.timedelta(days=900), now, 3650)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        self._root = built.sign(self._key, hashes.SHA256())
        self.path = folder / "root.pem"
        self.path.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, *, days: int = 90) -> Path:
        """Return a file with a certificate for ``host`` and its key, good for so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = dt.datetime.now(dt.UTC)
        built = self._building(name, key.public_key(), now - dt.timedelta(days=400), now, days)
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        built = built.add_extension(issuer, critical=False)
        certificate = built.sign(self._key, hashes.SHA256())
        path = self.folder / f"{host}-{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _building(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, since: dt.datetime, now: dt.datetime, days: int
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(since)
        return builder.not_valid_after(now + dt.timedelta(days=days))


@contextmanager
def secure_server(certificate: Path) -> Iterator[int]:
    """Answer encrypted connections with ``certificate``; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except (OSError, ssl.SSLError):
                plain.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
