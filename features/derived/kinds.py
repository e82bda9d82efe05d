"""Whether the columns of an expression hold numbers or texts, as far as its text alone says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from features.derived.functions import CONSTANTS, FUNCTIONS, OPERATORS, Function
from features.derived.tree import Call, Chain, Column, Constant, Node, fault
from features.suggest import listing, nearest

Kind = Literal["number", "text"]


@dataclass(frozen=True)
class Reading:
    """How an expression reads a column: as which kind, None where its dtype may say.

    Columns of one group are of the same kind.
    """

    kind: Kind | None
    group: int


def readings(tree: Node, text: str) -> dict[str, Reading]:
    """How each column is read, in order; raises ValueError where kinds or calls do not fit."""
    found = _Readings(text)
    found.visit(tree)
    return found.settled()


@dataclass
class _Group:
    """Values of one kind."""

    kind: Kind | None = None
    ordered: bool = False  # by < or >: numbers, if nothing else is known
    named: bool = False  # by ==, != or concat: texts, if nothing else is known


@dataclass
class _Readings:
    text: str
    groups: list[_Group] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    missing: list[tuple[int, int]] = field(default_factory=list)  # (group, place)

    def new(self, kind: Kind | None = None) -> int:
        self.groups.append(_Group(kind))
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def root(self, index: int) -> int:
        while self.parents[index] != index:
            index = self.parents[index]
        return index

    def visit(self, node: Node) -> int:
        """The group of a node."""
        match node:
            case Constant(None, at):
                self.missing.append((self.new(), at))
                return self.missing[-1][0]
            case Constant("", at):
                message = "the empty text is missing, as in all columns; ask is_missing(...)"
                raise fault(self.text, at, message)
            case Constant(value):
                return self.new("text" if isinstance(value, str) else "number")
            case Column(name):
                if name not in self.columns:
                    self.columns[name] = self.new()
                return self.columns[name]
            case Chain():
                return self.chain(node)
            case Call():
                return self.call(node)

    def chain(self, node: Chain) -> int:
        places = [self.visit(operand) for operand in node.operands]
        for index, name in enumerate(node.operators):
            together = self.join(places[index], places[index + 1], name, node.operands[index + 1])
            if name in ("==", "!="):
                self.groups[together].named = True
            else:
                self.groups[together].ordered = True
        return self.new("number")

    def call(self, node: Call) -> int:
        function = FUNCTIONS.get(node.name) or OPERATORS.get(node.name)
        if function is None:
            hint = nearest(node.name, FUNCTIONS) or f" Known: {listing(FUNCTIONS, most=99)}."
            raise fault(self.text, node.at, f"'{node.name}' is not a function.{hint}")
        if not function.allows(len(node.arguments)):
            message = f"'{node.name}' takes {function.arity}; it has {len(node.arguments)}"
            raise fault(self.text, node.at, message)
        same = self.new()
        for index, argument in enumerate(node.arguments):
            self.argument(node.name, function, index, argument, same)
        if function.gives == "same":
            return same
        return self.new("text" if function.gives == "text" else "number")

    def argument(
        self, name: str, function: Function, index: int, argument: Node, same: int
    ) -> None:
        takes = function.parameter(index)
        if takes in CONSTANTS:
            wanted, fits = CONSTANTS[takes]
            if not (isinstance(argument, Constant) and fits(argument.value)):
                message = f"argument {index + 1} of '{name}' must be {wanted}, written out"
                raise fault(self.text, argument.at, message)
            if takes != "choice":
                return
        place = self.visit(argument)
        if takes in ("same", "choice"):
            self.join(same, place, name, argument)
        elif takes == "written":
            self.groups[self.root(place)].named = True
        elif takes in ("number", "truth", "text"):
            self.join(self.new("text" if takes == "text" else "number"), place, name, argument)

    def join(self, one: int, other: int, name: str, node: Node) -> int:
        """Make two groups one: `other` is that of `node`, which `name` takes."""
        one, other = self.root(one), self.root(other)
        kept, gone = self.groups[one], self.groups[other]
        if kept.kind and gone.kind and kept.kind != gone.kind:
            what = f"column '{node.name}' is" if isinstance(node, Column) else "this is"
            message = f"'{name}' must have a {kept.kind} here; {what} a {gone.kind}"
            raise fault(self.text, node.at, message)
        kept.kind = kept.kind or gone.kind
        kept.ordered, kept.named = kept.ordered or gone.ordered, kept.named or gone.named
        self.parents[other] = one
        return one

    def settled(self) -> dict[str, Reading]:
        roots = {name: self.root(place) for name, place in self.columns.items()}
        for place, at in self.missing:
            root = self.root(place)
            if self.kind(root) is None and root not in roots.values():
                raise fault(self.text, at, "nothing says what kind of value is missing here")
        return {name: Reading(self.kind(root), root) for name, root in roots.items()}

    def kind(self, root: int) -> Kind | None:
        group = self.groups[root]
        if group.kind is None and group.ordered:
            return "number"
        return "text" if group.kind is None and group.named else group.kind
