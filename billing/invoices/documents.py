"""The documents of an invoice: a PDF drawn from the frozen lines on first request, stored, and given out from then on.

Note "data, not code": the layout is a fixed file; names and texts reach it as one JSON value. Note "same
bytes": the only fonts are the installed Noto ones, and the time of creation is the day of issue.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import typst
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import translation

from billing.invoices import einvoice, queries
from billing.invoices.content import content
from kernel.errors import GridhallError, gettext_noop
from tenancy import context

LANGUAGES = ("zh-hans", "en")
_UNPRINTABLE = re.compile(r"\\u00(?:[01][0-9a-f]|7f)|[\x7f-\x9f\ufffe\uffff]")
"""Control characters, as JSON writes them: no font has them, and PDF/A refuses what it cannot show."""
XML_NAME = "factur-x.xml"
FONT_PACKAGE = "pylopdf_fonts_zh_cn"
_LAYOUT = Path(__file__).parent / "typst" / "invoice.typ"
_LOGO_FORMATS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


class LanguageNotOffered(GridhallError):
    """Documents are made in the languages of the platform only."""

    code = "document_language_not_offered"
    template = gettext_noop("Documents are made in Chinese and English, not in “{language}”.")


def pdf(*, invoice_id: int, language: str) -> bytes:
    """This will return the invoice's PDF in ``language``, made on first request and the same bytes ever after.

    Call it outside the transaction that issues. Raises NotFound or LanguageNotOffered.
    """
    if language not in LANGUAGES:
        raise LanguageNotOffered(language=language)
    detail = queries.invoice_by_id(invoice_id=invoice_id)
    name = f"invoices/{detail.invoice.pk}/{language}.pdf"
    if not default_storage.exists(name):
        _store(name, draw(detail=detail, language=language))
    return _read(name)


def xml(*, invoice_id: int) -> bytes:
    """This will return the invoice as EN 16931 XML, made on first request and the same bytes ever after.

    Raises NotFound or SellerIncomplete.
    """
    name = f"invoices/{invoice_id}/{XML_NAME}"
    if not default_storage.exists(name):
        detail = queries.invoice_by_id(invoice_id=invoice_id)
        language = detail.invoice.buyer["language"] or context.current_retailer().default_language
        _store(name, einvoice.document(invoice=detail.invoice, lines=detail.lines, language=language))
    return _read(name)


def hybrid(*, invoice_id: int, language: str) -> bytes:
    """This will return the PDF with the XML inside (Factur-X), made on first request and kept.

    Raises NotFound, LanguageNotOffered or SellerIncomplete.
    """
    page = pdf(invoice_id=invoice_id, language=language)
    name = f"invoices/{invoice_id}/{language}.facturx.pdf"
    if not default_storage.exists(name):
        invoice = queries.invoice_by_id(invoice_id=invoice_id).invoice
        made = einvoice.embedded(pdf=page, xml=xml(invoice_id=invoice_id), invoice=invoice, language=language)
        _store(name, made)
    return _read(name)


def draw(*, detail: queries.InvoiceDetail, language: str) -> bytes:
    """This will draw the document anew, without storing it."""
    with translation.override(language):
        data = content(invoice=detail.invoice, lines=detail.lines, language=language, logo=_logo(detail.invoice.seller))
    return typst.compile(
        _LAYOUT.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": _UNPRINTABLE.sub("", json.dumps(data, ensure_ascii=False))},
        pdf_standards=["a-3a"],
        timestamp=dt.datetime.combine(detail.invoice.issued_on, dt.time(), dt.UTC),
    )


def _read(name: str) -> bytes:
    with default_storage.open(name) as stored:
        return bytes(stored.read())


def _store(name: str, document: bytes) -> None:
    """Put the document in its place in one step: nobody sees half of it, whoever is killed; a rival's is the same."""
    part = default_storage.save(f"{name}.part", ContentFile(document))
    Path(default_storage.path(part)).replace(default_storage.path(name))


def _logo(seller: dict[str, Any]) -> dict[str, Any] | None:
    """The company's logo, as long as it is still the one it had when the invoice was issued."""
    brand = getattr(context.current_retailer(), "brand", None)
    logo = bytes(getattr(brand, "logo", b"") or b"")
    file_format = _LOGO_FORMATS.get(getattr(brand, "logo_type", ""))
    if not logo or file_format is None or hashlib.sha256(logo).hexdigest() != seller["logo_digest"]:
        return None
    return {"bytes": list(logo), "format": file_format}


@functools.cache
def _fonts() -> typst.Fonts:
    found = importlib.util.find_spec(FONT_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"The fonts of documents come with the package {FONT_PACKAGE}.")
    folders = [str(folder) for folder in found.submodule_search_locations]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
