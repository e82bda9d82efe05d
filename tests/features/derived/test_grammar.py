import ast
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.derived.grammar import DEEPEST, LONGEST, parse
from features.derived.kinds import readings
from features.derived.tree import Call, Chain, Column, Constant, Node

PYTHONS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.USub: "unary -", ast.UAdd: "unary +", ast.Not: "not", ast.And: "and",
    ast.Or: "or", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">",
    ast.GtE: ">=",
}  # fmt: skip


def shape(node: Node) -> object:
    match node:
        case Constant(value):
            return value
        case Column(name):
            return name
        case Chain(operators, operands):
            return (*operators, *map(shape, operands))
        case Call(name, arguments):
            return (name, *map(shape, arguments))


def pythons(node: ast.AST) -> object:
    """The shape that Python gives to the same text."""
    match node:
        case ast.Expression(body):
            return pythons(body)
        case ast.Name(name):
            return name
        case ast.BinOp(left, operator, right):
            return (PYTHONS[type(operator)], pythons(left), pythons(right))
        case ast.UnaryOp(operator, operand):
            return (PYTHONS[type(operator)], pythons(operand))
        case ast.BoolOp(operator, values):
            first, *rest = map(pythons, values)
            for value in rest:
                first = (PYTHONS[type(operator)], first, value)
            return first
        case ast.Compare(left, operators, right):
            names = (PYTHONS[type(one)] for one in operators)
            return (*names, pythons(left), *map(pythons, right))
    raise SyntaxError  # a call, a tuple


TOKENS = st.sampled_from(
    ["a", "b", "+", "-", "*", "/", "//", "%", "**", "==", "<", ">=", "!=", "and", "or", "not",
     "(", ")"]
)  # fmt: skip
INFIX = ["+", "-", "*", "/", "//", "%", "**", "==", "<", ">=", "and", "or"]


@given(st.lists(TOKENS, min_size=1, max_size=14).map(" ".join))
@settings(deadline=None, max_examples=300)
def test_groups_as_python_does(text: str) -> None:
    try:
        theirs = pythons(ast.parse(text, mode="eval"))
    except SyntaxError:
        theirs = None
    try:
        mine = shape(parse(text))
    except ValueError:
        mine = None
    assert theirs is None or mine == theirs  # `a + not b` is plain enough for us


SUMS = st.recursive(
    st.sampled_from("abc"),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(INFIX), inner).map(" ".join),
        st.tuples(st.sampled_from(["-", "not ", "("]), inner).map(
            lambda pair: f"({pair[1]})" if pair[0] == "(" else "".join(pair)
        ),
    ),
    max_leaves=12,
)


@given(SUMS)
@settings(deadline=None, max_examples=200)
def test_whole_expressions_group_as_python_does(text: str) -> None:
    try:
        theirs = pythons(ast.parse(text, mode="eval"))
    except SyntaxError:  # `a * not b`
        return
    assert shape(parse(text)) == theirs


def test_constants() -> None:
    assert shape(parse("1.5e-3 + .5 * 2. - 07")) == 1.5e-3 + 1 - 7
    assert shape(parse("x in (-1, +2, 'a', true)")) == ("in", "x", -1.0, 2.0, "a", 1.0)
    assert shape(parse("x not in (1)")) == ("not", ("in", "x", 1.0))
    assert shape(parse("if(missing, false)")) == ("if", None, 0.0)
    assert shape(parse("`not` + `a b`")) == ("+", "not", "a b")
    assert shape(parse("été + 名前")) == ("+", "été", "名前")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "at the end: a value must stand here"),
        ("a b", "at character 3 ('b'): an operator must come between two values"),
        ("a = 1", "at character 3 ('= 1'): '=' means nothing here. Did you mean '=='?"),
        ("a && b", "'&' means nothing here. Did you mean 'and'?"),
        ("(a", "at the end: ')' must close the '(' before it"),
        ("a)", "at character 2 (')'): an operator must come between"),
        ("log(a b)", "at character 7 ('b)'): ',' must separate the arguments"),
        ("log(a", "at the end: ',' must separate the arguments, or ')' end them"),
        ("'a", "at character 1 (\"'a\"): a ' opens here, and must be closed"),
        ("`a", "a ` opens here, and must be closed"),
        (r"'\q'", r"'\q' must be one of \\"),
        ("a in 1", "'(' must open the values after `in`"),
        ("a in ()", "a value must stand here"),
        ("a in (1 2)", "',' or ')' must follow a value after `in`"),
        ("a in (1) + 1", "at character 10 ('+ 1'): put what is before '+' in parentheses"),
        ("1e999 * a", "this number is too large"),
        ("9007199254740993 * a", "whole numbers are exact to 2**53; write an id as a text"),
        ("9**9**9 * a", "'**' of these two numbers is no number"),
        ("a * (1 / 0)", "'/' of these two numbers is no number"),
        ("(-8) ** 0.5 * a", "'**' of these two numbers is no number"),
        ("a.b", "'.' means nothing here"),
        ("a[0]", "'[' means nothing here"),
        ("lambda: a", "':' means nothing here"),
        ("a; b", "';' means nothing here"),
    ],
)
def test_faults_say_where(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "unit", ["(", "-", "not ", "a + ", "a ** ", "log(", "a < (", "(a in (1)) + "]
)
def test_nothing_is_too_deep_for_the_parser(unit: str) -> None:
    with pytest.raises(ValueError, match=f"may be {DEEPEST} levels deep|must"):
        parse(unit * (LONGEST // len(unit) - 1) + "a")


def test_limits() -> None:
    with pytest.raises(ValueError, match=f"may be {LONGEST} characters long; it is {LONGEST + 1}"):
        parse("a" * (LONGEST + 1))
    parse("a" * LONGEST)
    parse(" + ".join("a" * DEEPEST))
    with pytest.raises(ValueError, match=f"may be {DEEPEST} levels deep"):
        parse(" + ".join("a" * (DEEPEST + 2)))


PIECES = st.sampled_from(
    ["a", "1", "'x'", "`b c`", "if(", "log(", ",", ")", "(", "in", "not", "missing", "**", "-", "<",
     "==", "and", "1e308", "fill(", "concat(", '"', "\\", "\x00", "🦀", "split(", "."]
)  # fmt: skip


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=14).map(" ".join)))
@settings(deadline=None, max_examples=500)
def test_garbage_is_refused_politely(text: str) -> None:
    with contextlib.suppress(ValueError):  # and nothing else
        assert readings(parse(text), text) is not None
