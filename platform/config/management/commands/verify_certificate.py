"""Check a certificate that this host, or another one whose key is given, has signed."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hosting import certificates, host_keys
from kernel.errors import GridhallError


class Command(BaseCommand):
    help = "Check the signature of a certificate (JSON, or the PDF that carries it); prints what it is about."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", help="the public key (hex) of the host that signed it; else this host's own")

    def handle(self, *args: Any, file: Path, key: str | None, **options: Any) -> None:
        try:
            document = certificates.read(content=file.read_bytes(), name=file.name)
            digest = certificates.verify(document=document, keys=[key] if key else host_keys.known())
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except GridhallError as refusal:
            raise CommandError(f"{file.name}: {refusal}") from refusal
        body = document["body"]
        self.stdout.write(f"{file.name}: genuine, {document['certificate']} {body.get('number', '')}")
        self.stdout.write(f"signed by {document['signature']['key']}, SHA-256 {digest}")
