"""Letters: what waits is set into one PDF, a batch, for the printer; each letter stands in one batch."""

from __future__ import annotations

import datetime as dt
import io

from django.db import transaction
from pypdf import PdfReader, PdfWriter

from kernel.errors import Conflict, gettext_noop
from tenancy import context, hosts
from tenants.notices import attachments, letter_pages
from tenants.notices.models import Channel, LetterBatch, Message, State

FOLDER = "notices/letters"
MOST_LETTERS = 500
"""So many letters are one batch at most: a printer's tray, and a PDF that opens."""


class NothingToPrint(Conflict):
    """No letter waits."""

    code = "no_letters"
    template = gettext_noop("No letter waits to be printed.")


def print_letters(*, at: dt.datetime) -> LetterBatch:
    """This will set the letters that wait, oldest first, with the files that go with them, into one PDF.

    They count as sent then. Raises NothingToPrint. Two people who print at once get different letters.
    """
    site = hosts.address(context.current_retailer())
    with transaction.atomic():
        letters = list(
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(channel=Channel.LETTER, state=State.QUEUED)
            .select_related("customer")
            .prefetch_related("files")
            .order_by("pk")[:MOST_LETTERS]
        )
        if not letters:
            raise NothingToPrint()
        name = attachments.store(content=_document(letters, site, at), folder=FOLDER, ending=".pdf")
        batch = LetterBatch.objects.create(created_at=at, letters=len(letters), file=name)
        Message.objects.filter(pk__in=[letter.pk for letter in letters]).update(
            state=State.SENT, sent_at=at, letter_batch=batch
        )
    return batch


def _document(letters: list[Message], site: str, at: dt.datetime) -> bytes:
    writer = PdfWriter()
    for letter in letters:
        page = letter_pages.draw(message=letter, retailer=context.current_retailer(), site=site, at=at)
        writer.append(io.BytesIO(page))
        for row in letter.files.all():
            if row.content_type == "application/pdf":
                writer.append(PdfReader(io.BytesIO(attachments.read(name=row.file))))
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()
