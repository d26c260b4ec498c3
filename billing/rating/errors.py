"""What the engine refuses: a tariff that cannot be saved, an input that is not there, a sum that cannot be done."""

from __future__ import annotations

from typing import Any

from kernel.errors import GridhallError, gettext_noop


class _Sentence(GridhallError):
    """A refusal whose sentence is written where it is raised."""

    def __init__(self, sentence: str, *, where: str | None = None, **params: Any) -> None:
        super().__init__(where=where, **params)
        self.__dict__["template"] = sentence


class TariffError(_Sentence):
    """The document is refused; ``where`` is a JSON pointer, with ``:position`` inside a formula."""

    code = "tariff_refused"


class FormulaError(TariffError):
    """A formula is refused; ``params["position"]`` counts its characters from 1."""

    code = "formula_refused"

    def at(self, pointer: str) -> FormulaError:
        """Return the same refusal, pointing into the document."""
        self.where = f"{pointer}:{self.params['position']}"
        return self


class RatingError(_Sentence):
    """An account cannot be rated with what was given."""

    code = "rating_failed"


class NotReady(RatingError):
    """Something is not there yet; ``missing`` names it: ``index spot``, ``parameter margin``."""

    code = "rating_not_ready"

    def __init__(self, kind: str, name: str, *, detail: str = "") -> None:
        self.missing = f"{kind} {name}"
        named = f"{self.missing} {detail}".rstrip()
        super().__init__(gettext_noop("not ready: {missing}"), missing=named, kind=kind, name=name, detail=detail)
