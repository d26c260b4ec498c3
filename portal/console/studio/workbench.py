"""One look at a draft in the studio: the document as fields, its hours, its charges in words, the sample's bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from billing.rating.bills import Bill
from billing.runs import sampling
from kernel import texts
from kernel.errors import GridhallError
from markets import packs
from portal.console import painted_calendars, usage
from portal.console.studio import bills, faults, layout, places, samples
from portal.shared import refusals


@dataclass(slots=True)
class Workbench:
    """What the page shows; ``refusal`` is the document's, ``sample_refusal`` the one of the sample alone."""

    document: dict[str, Any]
    shown: layout.Layout
    sample: samples.Sample
    refusal: str = ""
    refused: layout.Field | None = None
    sample_refusal: str = ""
    compared: bills.Compared | None = None
    before_refusal: str = ""
    whys: dict[str, bills.Why] = field(default_factory=dict)
    calendars: list[str] = field(default_factory=list)


def known(document: Mapping[str, Any], market: str) -> layout.Known:
    """This will return what the document may choose from: the market's calendars and its own, with their labels."""
    language = get_language() or "en"
    own = places.entries(document.get("calendars"))
    titles = {name: _title(one, name, language) for name, one in packs.pack(market).calendar_documents.items()}
    titles |= {str(name): _title(one, str(name), language) for name, one in own.items()}
    charges = [one.get("calendar") for one in places.items(document.get("charges")) if isinstance(one, Mapping)]
    used = {str(name) for name in (document.get("calendar"), *charges) if name}
    return layout.Known(titles, {name: _labels(name, own, titles, language) for name in used})


def look(
    document: dict[str, Any], *, known: layout.Known, asked: samples.Asked, published: Mapping[str, Any] | None
) -> Workbench:
    """This will check the document, rate the sample by it and by the published one, and explain; it never raises."""
    shown = layout.of(document, known)
    try:
        plan = sampling.opened(document)
    except GridhallError as refusal:
        sample = samples.of(None, {}, asked)
        found = faults.show(shown, refusal)
        return Workbench(document, shown, sample, refusal=faults.sentence(refusal), refused=found)
    labels = known.labels.get(plan.calendar.name, {}) if plan.calendar is not None else {}
    bench = Workbench(document, shown, samples.of(plan, labels, asked), calendars=list(plan.calendars))
    now = _rated(bench, plan, asked)
    before = None if now is None or published is None else _before(bench, published, asked)
    if now is not None:
        bench.compared = bills.compared(now, before)
    bench.whys = {why.code: why for why in bills.explained(plan.tariff, now, known.labels)}
    return bench


def hours(bench: Workbench, year: int) -> list[painted_calendars.Painting]:
    """This will paint the calendars of a tariff that holds."""
    found = []
    for name in bench.calendars:
        try:
            painting = painted_calendars.paint(name=name, year=year)
        except GridhallError:
            continue  # a calendar that the draft brings along is painted once it is saved
        found += [painting] if painting else []
    return found


def _rated(bench: Workbench, plan: sampling.Opened, asked: samples.Asked) -> Bill | None:
    try:
        return samples.bill(plan, bench.sample, asked)
    except GridhallError as refusal:
        bench.sample_refusal = refusals.sentence(refusal)
    return None


def _before(bench: Workbench, published: Mapping[str, Any], asked: samples.Asked) -> Bill | None:
    try:
        plan = sampling.opened(published)
        return samples.bill(plan, samples.of(plan, {}, asked), asked)
    except GridhallError as refusal:
        bench.before_refusal = refusals.sentence(refusal)
    return None


def _title(calendar: Any, name: str, language: str) -> str:
    return texts.pick(places.texts(places.entries(calendar).get("title")), language) or name


def _labels(name: str, own: Mapping[str, Any], titles: Mapping[str, str], language: str) -> dict[str, str]:
    if name in own:
        stated = places.entries(own[name])
        named = places.entries(stated.get("label_titles"))
        labels = [str(one) for one in places.items(stated.get("labels"))]
        return {one: texts.pick(places.texts(named.get(one)), language) or one for one in labels}
    if name not in titles:
        return {}
    return dict(usage.label_titles(name))
