"""What nobody has looked up yet prints nothing, and the rest of the template goes on."""

from __future__ import annotations

import pytest

from reconciler.errors import TemplateError
from reconciler.load import gotemplates

U = "(unknown `a`)"

CASES = {
    "an action prints nothing": (f"a{{{{ {U} }}}}b", "ab"),
    "a function of it is unknown": (
        f"[{{{{ upper {U} }}}}{{{{ print 1 {U} }}}}{{{{ {U} | printf `%s` }}}}]",
        "[]",
    ),
    "a member of it is unknown": (f"[{{{{ {U}.x.y }}}}{{{{ index {U} 0 }}}}]", "[]"),
    "comparing with it is unknown": (f"[{{{{ eq 1 {U} }}}}{{{{ not {U} }}}}{{{{ len {U} }}}}]", "[]"),
    "and stops at it": (f"[{{{{ and {U} (fail) }}}}{{{{ and false {U} }}}}]", "[false]"),
    "or stops at it": (f"[{{{{ or {U} (fail) }}}}{{{{ or 1 {U} }}}}]", "[1]"),
    "and, or give it on": (f"[{{{{ and true {U} }}}}{{{{ or false {U} }}}}]", "[]"),
    "what and skips is unknown": (
        f"{{{{ $y := 1 }}}}[{{{{ and {U} ($x := 1) ($y = 2) }}}}{{{{ $x }}}}{{{{ $y }}}}]",
        "[]",
    ),
    "if skips both branches": (
        f"[{{{{ if {U} }}}}a{{{{ fail }}}}{{{{ else }}}}b{{{{ fail }}}}{{{{ end }}}}]",
        "[]",
    ),
    "else if skips the rest": (f"[{{{{ if 0 }}}}a{{{{ else if {U} }}}}b{{{{ else }}}}c{{{{ end }}}}]", "[]"),
    "a decided if does not look further": (f"[{{{{ if 1 }}}}a{{{{ else if {U} }}}}b{{{{ end }}}}]", "[a]"),
    "with skips both branches": (f"[{{{{ with {U} }}}}a{{{{ else }}}}b{{{{ end }}}}]", "[]"),
    "range skips both branches": (f"[{{{{ range {U} }}}}a{{{{ else }}}}b{{{{ end }}}}]", "[]"),
    "a variable holds it": (f"{{{{ $x := {U} }}}}[{{{{ $x }}}}{{{{ $x.y }}}}]", "[]"),
    "what the body assigns becomes unknown": (
        f"{{{{ $x := 1 }}}}{{{{ if {U} }}}}{{{{ $x = 3 }}}}{{{{ end }}}}[{{{{ $x }}}}]",
        "[]",
    ),
    "also deep inside": (
        f"{{{{$x:=1}}}}{{{{if {U}}}}}{{{{range 1}}}}{{{{$x = 3}}}}{{{{end}}}}{{{{end}}}}[{{{{$x}}}}]",
        "[]",
    ),
    "and in else": (f"{{{{$x:=1}}}}{{{{with {U}}}}}{{{{else}}}}{{{{$x = 3}}}}{{{{end}}}}[{{{{$x}}}}]", "[]"),
    "and in range": (f"{{{{$x:=1}}}}{{{{range $x = {U}}}}}{{{{end}}}}[{{{{$x}}}}]", "[]"),
    "what it declares is its own": (
        f"{{{{$x:=1}}}}{{{{if {U}}}}}{{{{$x := 3}}}}{{{{end}}}}[{{{{$x}}}}]",
        "[1]",
    ),
    "a template is given it": (
        f"{{{{ define `t` }}}}<{{{{ . }}}}{{{{ $.x }}}}>{{{{ end }}}}[{{{{ template `t` {U} }}}}]",
        "[<>]",
    ),
    "a list may hold it": (f"{{{{ range list 1 {U} }}}}a{{{{ end }}}}b", "b"),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_unknown(case: str, functions: gotemplates.Calls) -> None:
    template, expected = CASES[case]
    assert gotemplates.render(template, "task.json", functions).text == expected


def test_one_run_asks_for_everything_it_can_reach(functions: gotemplates.Calls, asked: list[str]) -> None:
    gotemplates.render("{{ print (unknown `a`) (unknown `b`) }}{{ unknown `c` }}", "task.json", functions)
    assert asked == ["unknown a", "unknown b", "unknown c"]


def test_nothing_is_asked_before_all_calls_are_checked(
    functions: gotemplates.Calls, asked: list[str]
) -> None:
    with pytest.raises(TemplateError):
        gotemplates.render("{{ upper `a` }}{{ upper }}", "task.json", functions)
    assert asked == []
