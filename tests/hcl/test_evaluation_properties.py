"""Whatever an expression says, it has a value or an error with a place, and one that does not depend on luck."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import HclError, HclErrors, NotFound, ReconcilerError
from reconciler.hcl import values
from reconciler.hcl.runs import Limits
from reconciler.hcl.values import Marked, Set, Unknown, Value
from tests.hcl.scope import World

LIMITS = Limits(steps=5_000, characters=10_000, members=10_000)
DEFINITIONS = """locals {
  text = "a"
  many = [1, 2, 3]
  rows = [{ id = 1, name = "x" }, { id = 2, name = null }]
  pick = { a = 1, b = [true] }
  loop = [local.back]
  back = local.loop
  late = aws_x.later.id
}"""

_LEAVES = """null true false 0 1 -1 2.5 1e3 "" "a" "1" "true" [] {} x y u s
    local.text local.many local.rows local.pick local.late local.missing local.loop local aws_x.a.id aws_x.none.id
    aws_x.later.id data.aws_y.b nothing.at.all"""
_FUNCTIONS = "length upper keys merge concat max try can jsonencode tostring toset ask nope"
_leaves = st.sampled_from(_LEAVES.split())
_operators = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def formed(form: str, count: int) -> st.SearchStrategy[str]:
        return st.tuples(*[inner] * count).map(lambda given: form.format(*given))

    names = st.sampled_from(_FUNCTIONS.split())
    return st.one_of(
        st.tuples(inner, _operators, inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        st.tuples(names, st.lists(inner, max_size=3), st.sampled_from(["", "..."])).map(
            lambda each: f"{each[0]}({', '.join(each[1])}{each[2] if each[1] else ''})"
        ),
        formed("({} ? {} : {})", 3),
        formed("-{}", 1),
        formed("!{}", 1),
        formed("[{}, {}]", 2),
        formed("{{ a = {}, ({}) = {} }}", 3),
        formed("{}[{}]", 2),
        formed("{}.a", 1),
        formed("{}[*].id", 1),
        formed("{}.*.id", 1),
        formed("{}[*][{}]", 2),
        formed("[for x in {} : {}]", 2),
        formed("[for x, y in {} : {} if {}]", 3),
        formed("{{ for x, y in {} : {} => {} }}", 3),
        formed("{{ for x in {} : {} => {}... }}", 3),
        formed('"a${{{}}}b${{{}}}"', 2),
        formed('"${{{}}}"', 1),
        formed('"%{{ if {} }}a${{{}}}%{{ else }}b%{{ endif }}"', 2),
        formed('"%{{ for x in {} }}${{{}}}%{{ endfor }}"', 2),
    )


expressions = st.recursive(_leaves, _grown, max_leaves=12)
HOLDS: dict[str, Value | None] = {
    "aws_x.a.id": "i-1",
    "aws_x.later.id": None,
    "data.aws_y.b": (1, "two"),
    "ask a": 7,
}


def result(text: str, holds: dict[str, Value | None], secret: Value) -> tuple[Value, str]:
    """Give the value of an expression, or what is wrong with it."""
    names: dict[str, Value] = {"x": 1, "y": Set(["p", "q"]), "u": Unknown("later"), "s": Marked(secret)}
    try:
        return World(holds).evaluate(text, DEFINITIONS, LIMITS, **names), ""
    except (HclError, NotFound) as error:
        each: tuple[ReconcilerError, ...] = error.errors if isinstance(error, HclErrors) else (error,)
        assert all(one.where is not None and one.where.line for one in each)
        return None, "\n".join(f"{one.what} {one.hint}" for one in each)


@given(expressions)
def test_a_value_or_an_error_with_a_place(text: str) -> None:
    value, wrong = result(text, HOLDS, "qzqz")
    assert "qzqz" not in wrong
    assert "qzqz" not in repr(value) or not wrong
    again, same = result(text, HOLDS, "qzqz")
    assert (values.identity(values.unmark(again)[0]), same) == (
        values.identity(values.unmark(value)[0]),
        wrong,
    )


@given(expressions)
def test_a_value_that_a_secret_changes_is_secret(text: str) -> None:
    first, wrong = result(text, HOLDS, "qzqz")
    second, _ = result(text, HOLDS, "other")
    plain, marks = values.unmark(first)
    if not wrong and values.identity(plain) != values.identity(values.unmark(second)[0]):
        assert marks.sensitive or "try(" in text or "can(" in text


@given(expressions)
def test_what_is_known_stays_so_when_more_is(text: str) -> None:
    first, wrong = result(text, HOLDS, "qzqz")
    if wrong or values.first_unknown(first) is not None:
        return
    second, later = result(text, HOLDS | {"aws_x.later.id": "i-2"}, "qzqz")
    assert not later
    assert values.identity(values.unmark(first)[0]) == values.identity(values.unmark(second)[0])
