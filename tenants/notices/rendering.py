"""A message's words: from the template's files, in the customer's language, under the retailer's name.

A room that sends messages lays ``templates/notices/<code>.subject``, ``.txt`` and, if it likes, ``.html`` beside its
own templates, translated like any other; ``<code>.zh-hans.txt`` goes before ``<code>.txt`` where a language needs a
text of its own. Without ``.html`` the paragraphs of the text are set in the retailer's colours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formataddr
from typing import Any

from django.template import Context, Template, TemplateDoesNotExist
from django.template.loader import select_template
from django.utils import translation

from kernel import masking, personal, texts
from kernel.errors import GridhallError, gettext_noop
from tenancy import hosts

CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
LONGEST_SUBJECT = 400
SITE = "https://site.invalid"
"""Stands in written messages for the company's site, which is looked up when they leave or are read."""
_BLANK_LINES = re.compile(r"\n\s*\n+")


class UnknownNotice(GridhallError):
    """Nobody wrote such a message."""

    code = "notice_unknown"
    template = gettext_noop("There is no message “{name}”: its room lays templates/notices/{name}.subject and .txt.")


@dataclass(frozen=True, slots=True)
class Words:
    """A rendered message."""

    subject: str
    body: str
    html: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the retailer under its own brand, never the host."""

    name: str
    email: str
    reply_to: str
    phone: str
    address: str
    site: str
    primary_color: str

    @property
    def mailbox(self) -> str:
        """The sender as a mail names it: “Alder Power <bills@alder.example>”."""
        return formataddr((self.name, self.email))


def sender_of(*, retailer: Any, language: str) -> Sender:
    """This will return the retailer as sender, its site as the stand-in ``SITE``, ready inside a transaction."""
    brand = getattr(retailer, "brand", None)
    support = getattr(brand, "support_email", "") or ""
    return Sender(
        name=texts.pick(retailer.names, language) or retailer.code,
        email=getattr(brand, "sender_email", "") or "",
        reply_to=support,
        phone=getattr(brand, "support_phone", "") or "",
        address=texts.pick(getattr(brand, "address", None) or "", language),
        site=SITE,
        primary_color=getattr(brand, "primary_color", "") or "#1f5fae",
    )


def placed(*, sender: Sender, retailer: Any) -> Sender:
    """This will add the company's own site, and its host as the address where the brand has none.

    Call it outside a transaction: hosts stand in the registry.
    """
    email = sender.email or f"no-reply@{hosts.primary_host(retailer)}"
    return replace(sender, email=email, site=hosts.address(retailer))


def with_site(*, text: str, site: str) -> str:
    """This will return a written text with the company's site in the place of the stand-in."""
    return personal.like(text, text.replace(SITE, site))


def render(*, template: str, params: Mapping[str, Any], customer: Any, sender: Sender, language: str) -> Words:
    """This will fill in the template ``template`` in ``language``; raises UnknownNotice.

    ``params`` are shown, never read as markup. Beside them a template knows ``customer``, ``sender`` and ``language``.
    """
    if not CODE.fullmatch(template):
        raise UnknownNotice(name=template)
    values = {**params, "customer": customer, "sender": sender, "language": language}
    with translation.override(language), masking.masked(unless=True):  # the customer reads it, not who is here
        subject = _plain(_file(template, language, "subject"), values)
        body = _plain(_file(template, language, "txt"), values).strip() + "\n"
        html = _html(template, language, values, subject, body)
    return Words(" ".join(subject.split())[:LONGEST_SUBJECT], body, html)


def _file(code: str, language: str, ending: str) -> Template:
    try:
        found = select_template([f"notices/{code}.{language}.{ending}", f"notices/{code}.{ending}"])
    except TemplateDoesNotExist as missing:
        raise UnknownNotice(name=code) from missing
    return found.template  # type: ignore[attr-defined, no-any-return]


def _plain(template: Template, values: Mapping[str, Any]) -> str:
    return str(template.render(Context(dict(values), autoescape=False)))


def _html(code: str, language: str, values: Mapping[str, Any], subject: str, body: str) -> str:
    names = [f"notices/{code}.{language}.html", f"notices/{code}.html", "notices/frame.html"]
    shown = {**values, "subject": " ".join(subject.split()), "paragraphs": paragraphs(body)}
    return str(select_template(names).template.render(Context(shown)))  # type: ignore[attr-defined]


def paragraphs(body: str) -> Sequence[str]:
    """This will return the paragraphs of a text, which blank lines part."""
    return [part.strip() for part in _BLANK_LINES.split(body) if part.strip()]
