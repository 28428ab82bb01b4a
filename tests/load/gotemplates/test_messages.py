"""Every message says what is wrong, at the right line and column, and what to try where there is a guess."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from reconciler.core.values import Marked
from reconciler.errors import ConfigError, NotFound, TemplateError, Where
from reconciler.load import gotemplates
from reconciler.load.gotemplates.calls import Arity

CASES = json.loads((Path(__file__).parents[3] / "fixtures/gotemplates/messages/cases.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["template"][:30])
def test_message(case: dict[str, str | int | None], functions: gotemplates.Calls) -> None:
    with pytest.raises(ConfigError) as caught:
        gotemplates.render(str(case["template"]), "task.json", functions)
    error = caught.value
    assert (error.what, error.hint) == (case["what"], case["hint"])
    assert error.where == Where("task.json", int(case["line"] or 0), int(case["column"] or 0))


class Elsewhere:
    """One function, which fails at a place of its own."""

    def signature(self, name: str) -> Arity | None:
        return Arity(0, 0) if name == "read" else None

    def names(self) -> Iterable[str]:
        return ["read"]

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        raise NotFound("there is no b", Where("state.json", 7, 1))


def test_the_place_that_a_function_reports_itself_is_kept() -> None:
    with pytest.raises(NotFound) as caught:
        gotemplates.render("{{ read }}", "task.json", Elsewhere())
    assert caught.value.where == Where("state.json", 7, 1)


def test_the_functions_of_the_project_hide_the_built_in_ones() -> None:
    class Hidden(Elsewhere):
        def signature(self, name: str) -> Arity | None:
            return Arity(3, 3) if name == "print" else None

        def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
            return Marked(len(arguments))

    assert gotemplates.render("{{ print 1 2 3 }}", "task.json", Hidden()).text == "3"
    with pytest.raises(TemplateError, match="print takes 3 arguments"):
        gotemplates.parse("{{ print 1 }}", "task.json", Hidden())
