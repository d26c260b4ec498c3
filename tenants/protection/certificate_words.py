"""How certificates of erasures and of nights look as PDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from hosting import certificate_pages
from kernel import texts
from tenancy import retention, subjects
from tenants.protection import erasing
from tenants.protection.operations import expiring


def person(body: Mapping[str, Any]) -> dict[str, Any]:
    """This will return the certificate that a person was erased."""
    language = get_language() or "en"
    titles = {each.table: texts.pick(each.titles, language) for each in subjects.holdings()}

    def rows(*deeds: str) -> list[list[str]]:
        return [
            [titles.get(each["table"], each["table"]), str(each["rows"]),
             _why(each, language)]
            for each in body["tables"] if each["deed"] in deeds
        ]  # fmt: skip

    words = [[each["table"], str(each["rows"]), gettext("kept") if each["kept"] else gettext("elsewhere")]
             for each in body["words_found"]]  # fmt: skip
    head = [gettext("What"), gettext("Rows"), ""]
    return {
        "title": gettext("Certificate of erasure"),
        "lead": gettext("The personal data of customer {number} are erased.").format(number=body["customer"]),
        "facts": [
            [gettext("Number"), body["number"]],
            [gettext("Asked for"), certificate_pages.instant(body["asked"]["at"])],
            [gettext("Checked and approved by"), f"{body['checked_by']} · {body['approved_by']}"],
            [gettext("Finished"), certificate_pages.instant(body["finished_at"])],
            [gettext("Files"), str(body["files"])],
            *(
                [each["provider"], f"{each['at']} · {outcome(each['outcome'])}"]
                for each in body.get("outside", [])
            ),
        ],
        "parts": [
            certificate_pages.part(title=gettext("Removed"), head=head, right=[1], rows=rows("remove")),
            certificate_pages.part(title=gettext("Replaced by a mark"), head=head, right=[1], rows=rows("blank")),
            certificate_pages.part(title=gettext("What stays, and why"), head=head, right=[1], rows=rows("keep")),
            certificate_pages.part(
                title=gettext("Where the same words still stand"), head=head, right=[1], rows=words,
                lead=gettext("Looked for in every table of the company; another person may bear the same name."),
            ),
        ],
    }  # fmt: skip


def _why(entry: Mapping[str, Any], language: str) -> str:
    why = str(texts.pick(subjects.WHY.get(entry.get("why", ""), ""), language))
    said = gettext("What people wrote freely in {count} of them is replaced by a mark.")
    return f"{why} {said.format(count=entry['words'])}" if entry.get("words") else why


def outcome(word: str) -> str:
    """This will return what became of an entry at a payment provider."""
    return {
        "removed": gettext("deleted there"), "gone": gettext("was not there any more"),
        "refused": gettext("refused there: delete it by hand"), "silent": gettext("no answer: delete it by hand"),
    }.get(word, word)  # fmt: skip


def night(body: Mapping[str, Any]) -> dict[str, Any]:
    """This will return the certificate of a night."""
    language = get_language() or "en"
    titles = {each.name: texts.pick(each.titles, language) for each in retention.rules()}
    rows = [
        [titles.get(name, name), str(entry["rows"]), entry["before"] or "–"] for name, entry in body["rules"].items()
    ]
    return {
        "title": gettext("Record of expired data"),
        "lead": gettext("What was older than it is kept, and was removed."),
        "facts": [
            [gettext("Number"), body["number"]], [gettext("Finished"), certificate_pages.instant(body["finished_at"])],
            [gettext("The record before"), body["previous"]],
        ],
        "parts": [
            certificate_pages.part(
                title=gettext("Removed"), head=[gettext("What"), gettext("Rows"), gettext("Before")], right=[1],
                rows=rows,
            )
        ],
    }  # fmt: skip


certificate_pages.register(erasing.KIND, person)
certificate_pages.register(expiring.KIND, night)
