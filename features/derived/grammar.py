"""The text of an expression as a tree: nothing in it is ever run as Python.

expression = or                      weakest first, as in Python
or         = and ("or" and)*
and        = not ("and" not)*
not        = "not" not | comparison
comparison = sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)*     a < b < c is a < b and b < c
           | sum ["not"] "in" "(" constant ("," constant)* ")"
sum        = product (("+" | "-") product)*
product    = sign (("*" | "/" | "//" | "%") sign)*
sign       = ("+" | "-") sign | power
power      = atom ["**" sign]
atom       = number | "text" | name | `any name` | name "(" expression, ... ")"
           | "true" | "false" | "missing" | "(" expression ")"
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator

from features.derived.lexer import COMPARISONS, Token, tokens
from features.derived.tree import Call, Chain, Column, Constant, Node, fault

LONGEST, DEEPEST = 4_096, 64
_EXACT = 2**53  # the last whole number before floats skip some

_POWERS = {
    "or": 1, "and": 2, **dict.fromkeys([*COMPARISONS, "in", "not in"], 4),
    "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8,
}  # fmt: skip
_NOT, _SIGN = 3, 7
_FOLDED: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "**": operator.pow,
}  # fmt: skip


def parse(text: str) -> Node:
    """The tree of an expression. Raises ValueError, which says where."""
    if len(text) > LONGEST:
        raise ValueError(f"an expression may be {LONGEST} characters long; it is {len(text)}")
    return _Parser(text).whole()


class _Parser:
    """Reads tokens by the power with which operators hold their operands (Pratt, POPL 1973)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens(text))
        self.index = 0
        self.open = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def fault(self, at: int, message: str) -> ValueError:
        return fault(self.text, at, message)

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def at_operator(self, *texts: str) -> bool:
        return self.token.kind == "operator" and self.token.text in texts

    def expect(self, text: str, why: str) -> None:
        if not self.at_operator(text):
            raise self.fault(self.token.at, f"'{text}' must {why}")
        self.index += 1

    def whole(self) -> Node:
        tree = self.expression(0)
        if self.token.kind != "end":
            raise self.fault(self.token.at, "an operator must come between two values")
        return tree

    def expression(self, floor: int) -> Node:
        """What operators stronger than `floor` hold together."""
        self.open += 1
        if self.open > DEEPEST:
            raise self.too_deep(self.token.at)
        left = self.prefix()
        while (infix := self.infix()) and _POWERS[infix] > floor:
            left = self.joined(left, infix)
        self.open -= 1
        return left

    def too_deep(self, at: int) -> ValueError:
        return self.fault(
            at, f"an expression may be {DEEPEST} levels deep; derive its parts as columns"
        )

    def infix(self) -> str:
        """The operator that comes next, "" where none does."""
        if self.at_operator("not"):
            following = self.tokens[self.index + 1]
            return "not in" if (following.kind, following.text) == ("operator", "in") else ""
        return self.token.text if self.at_operator(*_POWERS) else ""

    def joined(self, left: Node, infix: str) -> Node:
        at = self.token.at
        if infix in COMPARISONS:
            return self.chain(left)
        self.index += len(infix.split())
        if infix in ("in", "not in"):
            found = self.call("in", (left, *self.choices()), at)
            if _POWERS.get(self.infix(), 0) > _POWERS["in"]:
                message = f"put what is before '{self.token.text}' in parentheses"
                raise self.fault(self.token.at, message)
            return found if infix == "in" else self.call("not", (found,), at)
        # `**` holds what is right of it less firmly than a sign does, and groups to the right.
        right = self.expression(_SIGN - 1 if infix == "**" else _POWERS[infix])
        return self.folded(infix, left, right, at) or self.call(infix, (left, right), at)

    def chain(self, left: Node) -> Node:
        at, operators, operands = self.token.at, [], [left]
        while self.at_operator(*COMPARISONS):
            operators.append(self.take().text)
            operands.append(self.expression(_POWERS["=="]))
        return Chain(tuple(operators), tuple(operands), at, self.depth(operands, at))

    def choices(self) -> Iterator[Constant]:
        self.expect("(", "open the values after `in`")
        while True:
            at = self.token.at
            choice = self.expression(0)
            if not isinstance(choice, Constant) or choice.value is None:
                raise self.fault(at, "the values after `in` must be numbers or texts")
            yield choice
            if self.at_operator(","):
                self.index += 1
            if self.at_operator(")"):
                self.index += 1
                return
            if self.tokens[self.index - 1].text != ",":
                raise self.fault(self.token.at, "',' or ')' must follow a value after `in`")

    def prefix(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Constant(self.number(token), token.at)
        if token.kind == "text":
            return Constant(token.text, token.at)
        if token.kind == "column":
            return Column(token.text, token.at)
        if token.kind == "name":
            return self.named(token)
        if token.kind == "operator" and token.text in ("+", "-", "not", "("):
            return self.signed(token)
        raise self.fault(token.at, "a value must stand here: a number, a text, a column")

    def signed(self, token: Token) -> Node:
        if token.text == "(":
            inner = self.expression(0)
            self.expect(")", "close the '(' before it")
            return inner
        if token.text == "not":
            return self.call("not", (self.expression(_NOT),), token.at)
        inner = self.expression(_SIGN)
        if isinstance(inner, Constant) and isinstance(inner.value, float):
            return Constant(-inner.value if token.text == "-" else inner.value, token.at)
        return self.call(f"unary {token.text}", (inner,), token.at)

    def named(self, token: Token) -> Node:
        if self.at_operator("("):
            self.index += 1
            return self.call(token.text, tuple(self.arguments()), token.at)
        if token.text in ("true", "false"):
            return Constant(float(token.text == "true"), token.at)
        return Constant(None, token.at) if token.text == "missing" else Column(token.text, token.at)

    def arguments(self) -> Iterator[Node]:
        while not self.at_operator(")"):
            yield self.expression(0)
            if not self.at_operator(")"):
                self.expect(",", "separate the arguments, or ')' end them")
        self.index += 1

    def number(self, token: Token) -> float:
        value = float(token.text)
        if math.isinf(value):
            raise self.fault(token.at, "this number is too large")
        if token.text.isdecimal() and int(token.text) > _EXACT:
            raise self.fault(token.at, "whole numbers are exact to 2**53; write an id as a text")
        return value

    def folded(self, name: str, left: Node, right: Node, at: int) -> Constant | None:
        """The value where both are numbers."""
        if not (name in _FOLDED and isinstance(left, Constant) and isinstance(right, Constant)):
            return None
        if not (isinstance(left.value, float) and isinstance(right.value, float)):
            return None
        try:
            value = _FOLDED[name](left.value, right.value)
        except (OverflowError, ZeroDivisionError):
            value = math.inf
        if isinstance(value, complex) or not math.isfinite(value):
            raise self.fault(at, f"'{name}' of these two numbers is no number")
        return Constant(value, left.at)

    def call(self, name: str, arguments: tuple[Node, ...], at: int) -> Call:
        return Call(name, arguments, at, self.depth(arguments, at))

    def depth(self, nodes: list[Node] | tuple[Node, ...], at: int) -> int:
        depth = 1 + max((node.depth for node in nodes), default=0)
        if depth > DEEPEST:
            raise self.too_deep(at)
        return depth
