"""The templates of fixtures/gotemplates render to what Go makes of them, and fail where Go fails.

`fixtures/gotemplates/generate/main.go` wrote down what Go does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.load import gotemplates

FIXTURES = Path(__file__).parents[3] / "fixtures" / "gotemplates"

DIFFERENCES: Mapping[str, str] = {
    "{{.x 1}}": "a field with arguments is an error, also of nothing",
    '{{template "a" .}}{{define "a"}}{{.b.c 1}}{{end}}': "a field with arguments is an error, also of nothing",
}


def output(template: str, functions: gotemplates.Calls) -> str | None:
    """Give what a template renders to, None where it is an error."""
    try:
        return gotemplates.render(template, "case", functions).text
    except ConfigError:
        return None


@pytest.mark.parametrize("name", ["language", "functions", "printf", "errors"])
def test_templates_render_as_in_go(name: str, functions: gotemplates.Calls) -> None:
    cases = json.loads((FIXTURES / f"{name}.json").read_text())
    assert cases
    wrong = []
    for case in cases:
        template, expected = case["template"], case.get("text")
        assert expected is not None or case["error"], f"{template} has not been given to Go"
        rendered = output(template, functions)
        if (rendered != expected) is not (template in DIFFERENCES):
            wrong.append(f"{template}\n  Go: {expected!r}\n  us: {rendered!r}")
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong)
