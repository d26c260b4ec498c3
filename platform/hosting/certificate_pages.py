"""A certificate as PDF, typeset from its data: every text is shown, never read as markup. The JSON is attached."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typst
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from hosting import certificates

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
_LAYOUT = Path(__file__).parent / "typst" / "certificate.typ"
BYTES_OF_DIGEST_SHOWN = 16
LEFT_SHOWN = 20
STAYS = {
    "registry_row": gettext_noop("The row of the registry, without names"),
    "host_invoices": gettext_noop("The host's own invoices to the company"),
    "usage_days": gettext_noop("Counts of daily use that those invoices rest on"),
    "fleet_events": gettext_noop("The host's record of its own acts, without reasons and details"),
    "this_certificate": gettext_noop("This certificate"),
}
WHY = {
    "reserved_code": gettext_noop("The code stays reserved: what is old shall never seem to be another company's."),
    "host_accounts": gettext_noop("The host must keep its accounts as long as the law of its own country says."),
    "host_record": gettext_noop("The host must be able to show what it did."),
}  # fmt: skip
MEANWHILE = {"closed": gettext_noop("The doors were closed."), "read_only": gettext_noop("The space was read-only.")}
BY = {"company": gettext_noop("An administrator of the company"), "host": gettext_noop("The host")}
Part = dict[str, Any]
_kinds: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {}


def register(kind: str, pages: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Let a room above say how its certificates look: title, lead, facts and parts of a body."""
    _kinds[kind] = pages


def draw(*, document: Mapping[str, Any], language: str) -> bytes:
    """Return the certificate as PDF in a language; raises NotACertificate for a kind nobody knows."""
    pages = _kinds.get(str(document.get("certificate")))
    if pages is None:
        raise certificates.NotACertificate(name=str(document.get("certificate")))
    body, signature = document["body"], document["signature"]
    with translation.override(language):
        data = {
            "lang": language.split("-", maxsplit=1)[0], "host": body["host"], "number": body["number"],
            "document": certificates.as_file(document).decode(), "attachment": gettext("The signed text"),
            "signature_title": gettext("Signature"),
            "signature": [
                [gettext("Method"), signature["algorithm"]], [gettext("Public key"), signature["key"]],
                ["SHA-256", signature["sha256"]], [gettext("Signature"), _broken(signature["value"])],
                [gettext("Check"), gettext("manage.py verify_certificate FILE; the signed text is attached as JSON.")],
            ],
            **pages(body),
        }  # fmt: skip
    return typst.compile(
        _LAYOUT.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=dt.datetime.fromisoformat(body["finished_at"]).replace(microsecond=0),
    )


def part(
    *, title: str, lead: str = "", facts: list[list[str]] | None = None, head: list[str] | None = None,
    rows: list[list[str]] | None = None, right: list[int] | None = None,
) -> Part:  # fmt: skip
    """Return one part of a certificate: facts, or a table whose columns in ``right`` hold numbers."""
    columns = head or []
    return {
        "title": title, "lead": lead, "facts": facts or [], "head": columns, "rows": rows or [], "right": right or [],
        "widths": ["auto" if place in (right or []) else "part" for place in range(len(columns))],
    }  # fmt: skip


def instant(text: str) -> str:
    """Return a moment as a certificate shows it, in UTC."""
    return f"{dt.datetime.fromisoformat(text).astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _company(body: Mapping[str, Any]) -> dict[str, Any]:
    asked, removed = body["asked"], body["removed"]
    filled = [each for each in removed["tables"] if each["rows"]]
    empty = len(removed["tables"]) - len(filled)
    stays = [
        [gettext(STAYS.get(each["what"], each["what"])), str(each["count"]), gettext(WHY.get(each["why"], each["why"]))]
        for each in body["stays"] if each["count"]
    ]  # fmt: skip
    return {
        "title": gettext("Certificate of deletion"),
        "lead": gettext("All that the platform held for the company “{code}” is removed.").format(
            code=body["company"]["code"]
        ),
        "facts": [
            [gettext("Number"), body["number"]],
            [gettext("Space"), ", ".join(removed["spaces"])],
            [gettext("Asked for"), f"{instant(asked['at'])} · {gettext(BY[asked['by']])} ({asked['person'] or '–'})"],
            [gettext("Reason"), asked["reason"]],
            [gettext("Until the day"), f"{instant(asked['due'])} · {gettext(MEANWHILE[asked['meanwhile']])}"],
            [gettext("Finished"), instant(body["finished_at"])],
        ],
        "parts": [
            part(title=gettext("Removed"), facts=_removed(removed)),
            part(
                title=gettext("Tables"), lead=gettext("{empty} further tables were empty.").format(empty=empty),
                head=[gettext("Table"), gettext("Rows"), "SHA-256"], right=[1],
                rows=[
                    [each["name"], str(each["rows"]), each["sha256"][: 2 * BYTES_OF_DIGEST_SHOWN] + "…"]
                    for each in filled
                ],
            ),
            part(
                title=gettext("Archives"), head=[gettext("File"), gettext("Bytes"), "SHA-256"], right=[1],
                rows=[
                    [each["name"], str(each["bytes"]), each["sha256"][: 2 * BYTES_OF_DIGEST_SHOWN] + "…"]
                    for each in removed["archives"]
                ],
            ),
            part(title=gettext("What stays, and why"), head=["", gettext("Rows"), ""], right=[1], rows=stays),
            part(title=gettext("Proof that nothing stays"), facts=_proof(body["proof"])),
        ],
    }  # fmt: skip


def _removed(removed: Mapping[str, Any]) -> list[list[str]]:
    files, size = sum(each["count"] for each in removed["files"]), sum(each["bytes"] for each in removed["files"])
    signed = gettext("ended, at the payment provider too") if removed["subscription"].get("at_provider") else ""
    return [
        [gettext("Tables"), _counted(len(removed["tables"]), removed["rows"], removed["tables_at"])],
        [gettext("Digest of the tables"), removed["tables_sha256"]],
        [gettext("Files"), gettext("{count} with {bytes} bytes, {at}").format(
            count=files, bytes=size, at=instant(removed["files_at"]))],
        [gettext("Key"), gettext("destroyed {at}; what was sealed with it cannot be read in any copy").format(
            at=instant(removed["key_destroyed_at"]))],
        [gettext("Archives"), gettext("{count}, removed {at}").format(
            count=len(removed["archives"]), at=instant(removed["archives_at"]))],
        [gettext("Cache and queue"), gettext("{cache} entries, {broker} orders").format(
            cache=removed["cache_entries"], broker=removed["broker_messages"])],
        [gettext("Addresses"), gettext("{count} freed").format(count=removed["addresses_freed"])],
        [gettext("Subscription"), signed or (
            gettext("ended") if removed["subscription"]["ended"] else gettext("none"))],
        [gettext("Customers at payment providers"), _at_providers(removed.get("at_providers") or {})],
    ]  # fmt: skip


def _at_providers(found: Mapping[str, Any]) -> str:
    """Say how many were deleted there, and which must be deleted by hand."""
    counts = found.get("counts") or {}
    gone, left = counts.get("removed", 0) + counts.get("gone", 0), counts.get("refused", 0) + counts.get("silent", 0)
    if not left:
        return gettext("{count} deleted there").format(count=gone) if gone else gettext("none")
    named = ", ".join(f"{each['at']} {each['reference']}" for each in found["left"][:LEFT_SHOWN])
    return gettext("{count} deleted there; {left} left, to be deleted by hand: {named}").format(
        count=gone, left=left, named=named
    )


def _counted(tables: int, rows: int, at: str) -> str:
    return gettext("{tables} with {rows} rows, {at}").format(tables=tables, rows=rows, at=instant(at))


def _proof(proof: Mapping[str, Any]) -> list[list[str]]:
    elsewhere = ", ".join(f"{each['name']} ({each['count']})" for each in proof["same_words_elsewhere"])
    return [
        [gettext("Looked for"), gettext(
            "{count} words in the database's catalogue, registry, folders, cache and queue, {at}"
        ).format(count=proof["looked_for"], at=instant(proof["at"]))],
        [gettext("Found"), (elsewhere and gettext(
            "nothing of the company's space; the same words stand in {places}"
        ).format(places=elsewhere)) or gettext("nothing")],
    ]  # fmt: skip


def _broken(text: str) -> str:
    half = len(text) // 2
    return f"{text[:half]}\n{text[half:]}"


@functools.cache
def _fonts() -> typst.Fonts:
    found = importlib.util.find_spec(FONT_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"The fonts of certificates come with the package {FONT_PACKAGE}.")
    folders = [str(folder) for folder in found.submodule_search_locations]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


register("gridhall-company-deleted", _company)
