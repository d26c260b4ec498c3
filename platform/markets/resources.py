"""What a tariff document of a market may name: its calendars and step tables, as the rating engine wants them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billing.rating import calendars, documents
from markets import packs


class CalendarsByName(Mapping[str, calendars.Calendar]):
    """The calendars of a market, each loaded when it is first asked for."""

    def __init__(self, market: packs.Pack, region: str | None) -> None:
        self._market = market
        self._region = region

    def __getitem__(self, name: str) -> calendars.Calendar:
        if name not in self._market.calendar_documents:
            raise KeyError(name)
        return self._market.calendar(name, region=self._region)

    def __iter__(self) -> Iterator[str]:
        return iter(self._market.calendar_documents)

    def __len__(self) -> int:
        return len(self._market.calendar_documents)


def resources(
    code: str,
    *,
    region: str | None = None,
    indices: Mapping[str, str | None] | None = None,
    parameters: Mapping[str, str | None] | None = None,
) -> documents.Resources:
    """This will return what documents of the market ``code`` may name.

    ``region`` decides whose holidays hold; ``indices`` and ``parameters`` are the retailer's own, with their units.
    Raises UnknownMarket.
    """
    market = packs.pack(code)
    return documents.Resources(
        calendars=CalendarsByName(market, region),
        tables=market.tables,
        indices=indices or {},
        parameters=parameters or {},
    )
