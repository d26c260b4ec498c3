"""Reads a formula of the closed language into nodes, or says where it stops being one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.rating.errors import FormulaError
from billing.rating.formulas import nodes, tokens
from billing.rating.formulas.tokens import END, NAME, NUMBER, SIGN, Token
from kernel.errors import gettext_noop

MAX_NODES = 50
MAX_DEPTH = 60
_ANY_NUMBER_OF = 10_000
_ARGUMENTS = {
    "min": (2, _ANY_NUMBER_OF),
    "max": (2, _ANY_NUMBER_OF),
    "round": (2, 2),
    "ceil": (1, 1),
    "blend": (3, 3),
    "power_factor": (2, 2),
}


def parse(text: str) -> nodes.Node:
    """This will return the tree of ``text``; raises FormulaError with the position and what is expected there."""
    return _Parser(tokens.tokenize(text)).formula()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.count = 0
        self.depth = 0

    def formula(self) -> nodes.Node:
        if self.token.kind == END:
            raise self.refuse(gettext_noop("Position {position}: a formula is expected here; nothing is written."))
        tree = self.sum()
        if self.token.kind != END:
            raise self.refuse(
                gettext_noop("Position {position}: an operator (+ - * /) or the end is expected here, not “{found}”.")
            )
        return tree

    def sum(self) -> nodes.Node:
        self.deeper()
        left = self.product()
        while (operator := self.token) and self.accept("+", "-"):
            self.counted(operator)
            left = nodes.Binary(operator.text, left, self.product(), operator.position)
        self.depth -= 1
        return left

    def product(self) -> nodes.Node:
        left = self.signed()
        while (operator := self.token) and self.accept("*", "/"):
            self.counted(operator)
            left = nodes.Binary(operator.text, left, self.signed(), operator.position)
        return left

    def signed(self) -> nodes.Node:
        sign = self.token
        if not self.accept("-"):
            return self.operand()
        self.counted(sign)
        self.deeper()
        negated = nodes.Negate(self.signed(), sign.position)
        self.depth -= 1
        return negated

    def operand(self) -> nodes.Node:
        token = self.token
        if token.kind == NUMBER:
            return self.number()
        if token.kind == NAME:
            self.at += 1
            return self.call(token) if self.accept("(") else self.name(token)
        if self.accept("("):
            inner = self.sum()
            self.expect(")", gettext_noop("Position {position}: “)” or an operator is expected here, not {found}."))
            return inner
        if self.accept("{"):
            return self.label_map(token)
        raise self.refuse(
            gettext_noop("Position {position}: a number, a name, “(” or “{{” is expected here, not {found}.")
        )

    def number(self) -> nodes.Node:
        token = self.counted(self.token)
        self.at += 1
        after = self.token
        if after.position == token.end and (after.kind in (NAME, NUMBER) or after.text == "."):
            raise self.refuse(
                gettext_noop("Position {position}: a number is written in digits with one point, such as 0.4540.")
            )
        return nodes.Number(Decimal(token.text), token.text, token.position)

    def name(self, token: Token) -> nodes.Node:
        self.counted(token)
        if token.text == "label":
            raise self.refuse(
                gettext_noop(
                    "Position {position}: “label” stands only after a map, as in {{peak: 1.6, other: 1}}[label]."
                ),
                token,
            )
        if self.token.text == ".":
            raise self.refuse(
                gettext_noop("Position {position}: a name has no parts; only amount(charge.label) names a cell.")
            )
        return nodes.Name(token.text, token.position)

    def label_map(self, opening: Token) -> nodes.Node:
        entries: dict[str, nodes.Node] = {}
        while True:
            at = self.token
            label = self.word(gettext_noop("Position {position}: a label is expected here, not {found}."))
            if label in entries:
                raise self.refuse(gettext_noop("Position {position}: the label “{found}” stands twice in the map."), at)
            self.expect(
                ":", gettext_noop("Position {position}: “:” and the label's value are expected here, not {found}.")
            )
            entries[label] = self.sum()
            if not self.accept(","):
                break
        self.expect("}", gettext_noop("Position {position}: “,” or “}}” is expected here, not {found}."))
        for part in ("[", "label", "]"):
            self.expect(part, gettext_noop("Position {position}: “[label]” is expected after a map, not {found}."))
        otherwise = entries.pop(nodes.OTHER, None)
        return nodes.LabelMap(entries, otherwise, opening.position)

    def call(self, name: Token) -> nodes.Node:
        self.counted(name)
        function, position = name.text, name.position
        if function in nodes.AGGREGATES:
            return self.aggregate(name)
        if function == "index":
            index = nodes.Index(self.declared_name(), position)
            self.close(name)
            return index
        if function == "amount":
            return self.amount(name)
        if function == "table":
            table = self.declared_name()
            self.expect(
                ",", gettext_noop("Position {position}: “,” and the value to look up are expected here, not {found}.")
            )
            lookup = nodes.Lookup(table, self.sum(), position)
            self.close(name)
            return lookup
        if function in nodes.CALLS:
            return self.plain_call(name)
        raise self.refuse(
            gettext_noop("Position {position}: there is no function “{found}”; these exist: {functions}."),
            name,
            functions=", ".join((*nodes.AGGREGATES, "amount", "index", "table", *nodes.CALLS)),
        )

    def aggregate(self, name: Token) -> nodes.Node:
        expression, number = self.sum(), None
        if name.text == "top":
            self.expect(
                ",",
                gettext_noop("Position {position}: “,” and how many of the highest are expected here, not {found}."),
            )
            number = self.sum()
        self.close(name)
        return nodes.Aggregate(name.text, expression, number, name.position, "")

    def amount(self, name: Token) -> nodes.Node:
        references = [self.reference()]
        while self.accept(","):
            references.append(self.reference())
        self.close(name)
        return nodes.Amount(tuple(references), name.position)

    def reference(self) -> nodes.Reference:
        start = self.counted(self.token)
        sentence = gettext_noop("Position {position}: the code of a charge is expected here, not {found}.")
        code, label = self.word(sentence), None
        if "." in code:
            code, _, label = code.partition(".")
        elif self.accept("."):
            label = self.word(gettext_noop("Position {position}: a label is expected after the point, not {found}."))
        return nodes.Reference(code, label, start.position)

    def plain_call(self, name: Token) -> nodes.Node:
        arguments = [self.sum()]
        while self.accept(","):
            arguments.append(self.sum())
        least, most = _ARGUMENTS[name.text]
        if not least <= len(arguments) <= most:
            raise self.refuse(
                gettext_noop("Position {position}: {found} takes {count} values, not {given}."),
                name,
                count=least if least == most else f"≥ {least}",
                given=len(arguments),
            )
        self.close(name)
        return nodes.Call(name.text, tuple(arguments), name.position)

    def declared_name(self) -> str:
        self.counted(self.token)
        return self.word(gettext_noop("Position {position}: a declared name is expected here, not {found}."))

    def word(self, sentence: str) -> str:
        """A label or code: tokens that touch each other (``1``, ``off_peak``, ``2h``, ``off-peak``)."""
        start = end = self.token
        if start.kind not in (NAME, NUMBER):
            raise self.refuse(sentence)
        written = ""
        while self.token.kind in (NAME, NUMBER) or self.token.text == "-":
            if written and self.token.position != end.end:
                break
            end = self.token
            written += end.text
            self.at += 1
        return written

    def close(self, name: Token) -> None:
        self.expect(
            ")",
            gettext_noop("Position {position}: “)” is expected here to close {function}(, not {found}."),
            function=name.text,
        )

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def accept(self, *signs: str) -> bool:
        taken = self.token.kind == SIGN and self.token.text in signs
        self.at += taken
        return taken

    def expect(self, text: str, sentence: str, **params: Any) -> None:
        if self.token.text != text:
            raise self.refuse(sentence, **params)
        self.at += 1

    def counted(self, token: Token) -> Token:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.refuse(
                gettext_noop("Position {position}: a formula has at most {limit} operators, calls, names and numbers."),
                token,
                limit=MAX_NODES,
            )
        return token

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse(gettext_noop("Position {position}: brackets are nested too deeply here."))

    def refuse(self, sentence: str, token: Token | None = None, **params: Any) -> FormulaError:
        token = token or self.token
        found = token.text or "…"
        return FormulaError(sentence, position=token.position, found=found, **params)
