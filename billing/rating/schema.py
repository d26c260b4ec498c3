"""The shape of a tariff document: which keys stand where and what may stand behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.rating.errors import FormulaError, TariffError
from billing.rating.formulas import binding, nodes, parser, units, uses
from billing.rating.tariffs import Formula
from kernel.errors import gettext_noop

DOCUMENT_KEYS = (
    *("tariff", "code", "title", "currency", "calendar", "parameters", "facts", "tables", "indices", "channels"),
    *("carried", "charges", "note", "source", "valid_from", "market", "calendars"),
)
CHARGE_KEYS = ("code", "title", "quantity", "by", "price", "tiers", "round", "payee", "post", "calendar", "note")
TIER_KEYS = ("mode", "window", "already", "bands", "share")
BAND_KEYS = ("to", "price", "flat")


@dataclass(frozen=True, slots=True)
class Place:
    """A value in the document with its JSON pointer."""

    value: Any
    pointer: str
    by_use: bool = False

    def get(self, key: str) -> Place:
        """This will return what stands under ``key``, or a Place of None."""
        return Place(self.value.get(key), f"{self.pointer}/{key}", self.by_use)

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def refuse(self, sentence: str, **params: object) -> TariffError:
        return TariffError(sentence, where=self.pointer, **params)

    def mapping(self, keys: Sequence[str] | None = None) -> Place:
        """This will check that a mapping with only ``keys`` stands here."""
        if not isinstance(self.value, Mapping):
            raise self.refuse(
                gettext_noop("At {place}: names and values are expected here."), place=self.pointer or "/"
            )
        unknown = [] if keys is None or self.by_use else [key for key in self.value if key not in keys]
        if unknown:
            sentence = gettext_noop("At {place}: “{key}” is not known here; known are: {known}.")
            raise TariffError(
                sentence,
                where=f"{self.pointer}/{unknown[0]}",
                place=self.pointer or "/",
                key=unknown[0],
                known=", ".join(keys or ()),
            )
        return self

    def entries(self) -> Iterator[tuple[str, Place]]:
        """This will yield the named parts of an optional mapping."""
        if self.value is None:
            return
        self.mapping()
        for key in self.value:
            yield str(key), Place(self.value[key], f"{self.pointer}/{key}", self.by_use)

    def items(self) -> list[Place]:
        """This will return the parts of a list that is not empty."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str) or not self.value:
            raise self.refuse(
                gettext_noop("At {place}: a list that is not empty is expected here."), place=self.pointer
            )
        return [Place(value, f"{self.pointer}/{at}", self.by_use) for at, value in enumerate(self.value)]

    def word(self) -> str:
        if isinstance(self.value, bool) or not isinstance(self.value, str | int) or self.value == "":
            raise self.refuse(gettext_noop("At {place}: a name is expected here."), place=self.pointer)
        return str(self.value)

    def name(self) -> str:
        """This will return a word without blanks that formulas can use."""
        written = self.word()
        if not written.replace("-", "_").replace("_", "a").isalnum():
            raise self.refuse(
                gettext_noop("At {place}: “{found}” is not a name of letters, digits and _."),
                place=self.pointer,
                found=written,
            )
        return written

    def one_of(self, choices: Sequence[str]) -> str:
        found = self.word()
        if found not in choices:
            sentence = gettext_noop("At {place}: “{found}” is not one of: {known}.")
            raise self.refuse(sentence, place=self.pointer, found=found, known=", ".join(choices))
        return found

    def whole(self, least: int, most: int) -> int:
        if (
            isinstance(self.value, bool)
            or not str(self.value).lstrip("-").isdecimal()
            or not least <= int(self.value) <= most
        ):
            sentence = gettext_noop("At {place}: a whole number from {least} to {most} is expected here.")
            raise self.refuse(sentence, place=self.pointer, least=least, most=most)
        return int(self.value)

    def truth(self, default: bool) -> bool:
        if self.value is None:
            return default
        if not isinstance(self.value, bool):
            raise self.refuse(gettext_noop("At {place}: true or false is expected here."), place=self.pointer)
        return self.value

    def number(self) -> Decimal:
        """This will read a number from its own text."""
        try:
            number = Decimal(self.source())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.refuse(
                gettext_noop("At {place}: a number is expected here, not “{found}”."),
                place=self.pointer,
                found=str(self.value),
            )
        return number

    def source(self) -> str:
        """This will return a formula's or number's own text; what went through a float is refused."""
        if isinstance(self.value, float):
            sentence = gettext_noop("At {place}: the number {found} came through a float; write it as text, “{found}”.")
            raise self.refuse(sentence, place=self.pointer, found=self.value)
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | Decimal):
            raise self.refuse(gettext_noop("At {place}: a formula is expected here."), place=self.pointer)
        return format(self.value, "f") if isinstance(self.value, Decimal) else str(self.value)

    def texts(self) -> dict[str, str]:
        """This will return a text in several languages; a plain one counts as English."""
        if self.value is None:
            return {}
        if isinstance(self.value, str):
            return {"en": self.value}
        self.mapping()
        return {str(language): str(text) for language, text in self.value.items()}

    def unit(self) -> units.Known:
        """This will read a stated unit; none stated is whatever is needed."""
        if self.value is None:
            return None
        try:
            return units.parse(self.word())
        except units.UnknownUnit as error:
            if self.by_use:
                return None
            raise self.refuse(
                gettext_noop("At {place}: “{found}” is not a unit such as kWh or CNY/kWh."),
                place=self.pointer,
                found=self.value,
            ) from error

    def formula(self, names: binding.Names, *, row: bool = False) -> Formula:
        """This will read, parse and bind a formula."""
        text = self.source()
        try:
            tree = binding.bind(parser.parse(text), names, row=row)
            return Formula(tree, text, self.pointer, uses.direct(tree))
        except FormulaError as error:
            raise error.at(self.pointer) from None

    def name_in(self, names: binding.Names) -> None:
        """This will declare the bare name that stands here, if one does (``already: used``)."""
        try:
            tree = parser.parse(self.source())
        except FormulaError as error:
            raise error.at(self.pointer) from None
        if isinstance(tree, nodes.Name) and tree.name not in names.facts:
            names.parameters.add(tree.name)
