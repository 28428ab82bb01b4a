"""The templates of fixtures/gotemplates render to what Go makes of them, and fail where Go fails.

`fixtures/gotemplates/generate/main.go` wrote down what Go does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from reconciler.core.values import Marked
from reconciler.errors import ConfigError, TemplateError, Where
from reconciler.load import gotemplates
from reconciler.load.gotemplates.calls import Arity

FIXTURES = Path(__file__).parents[3] / "fixtures" / "gotemplates"

DIFFERENCES: Mapping[str, str] = {
    "{{.x 1}}": "a field with arguments is an error, also of nothing",
    '{{template "a" .}}{{define "a"}}{{.b.c 1}}{{end}}': "a field with arguments is an error, also of nothing",
}


def text(value: object) -> str:
    """Take a string, as a Go function of strings does."""
    if not isinstance(value, str):
        raise ConfigError("not a string")
    return value


def data(source: object) -> object:
    """Read JSON as Go does into `any`: every number a float."""
    try:
        return json.loads(text(source), parse_int=float)
    except json.JSONDecodeError:
        raise ConfigError("not JSON") from None


def fail() -> None:
    raise ConfigError("failed on purpose")


FUNCTIONS: Mapping[str, tuple[Arity, Callable[..., object]]] = {
    "data": (Arity(1, 1), data),
    "list": (Arity(0, None), lambda *items: list(items)),
    "null": (Arity(0, 0), lambda: None),
    "upper": (Arity(1, 1), lambda word: text(word).upper()),
    "join": (Arity(1, None), lambda separator, *words: text(separator).join(text(word) for word in words)),
    "fail": (Arity(0, 0), fail),
}


@dataclass
class Functions:
    """The counterparts of the generator's functions."""

    def signature(self, name: str) -> Arity | None:
        return FUNCTIONS[name][0] if name in FUNCTIONS else None

    def names(self) -> Iterable[str]:
        return FUNCTIONS

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        return Marked(FUNCTIONS[name][1](*[argument.data for argument in arguments]))


def go_output(template: str) -> str | None:
    """Give what a template renders to, None where it is an error."""
    try:
        return gotemplates.render(template, "case", Functions()).text
    except TemplateError as error:
        assert error.where is not None
        assert error.where.line >= 1
        assert error.where.column >= 1
        return None
    except ConfigError:
        return None


@pytest.mark.parametrize("name", ["language", "functions", "printf", "errors"])
def test_templates_render_as_in_go(name: str) -> None:
    cases = json.loads((FIXTURES / f"{name}.json").read_text())
    assert cases
    wrong = []
    for case in cases:
        template, expected = case["template"], case.get("text")
        assert expected is not None or case["error"], f"{template} has not been given to Go"
        output = go_output(template)
        if (output != expected) is not (template in DIFFERENCES):
            wrong.append(f"{template}\n  Go: {expected!r}\n  us: {output!r}")
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong)
