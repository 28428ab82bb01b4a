"""Templates that would never end, or grow beyond all measure, are errors."""

from __future__ import annotations

import pytest

from reconciler.errors import TemplateError
from reconciler.load import gotemplates

CASES = {
    "parentheses": ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested more than 50 deep"),
    "blocks": ("{{ if 1 }}" * 5000 + "{{ end }}" * 5000, "nested more than 50 deep"),
    "a template in itself": (
        "{{ define `t` }}{{ template `t` }}{{ end }}{{ template `t` }}",
        "more than 150 deep",
    ),
    "two templates in each other": (
        "{{ define `a` }}{{ if 1 }}{{ block `b` 1 }}{{ template `a` }}{{ end }}{{ end }}{{ end }}{{ template `a` }}",
        "more than 150 deep",
    ),
    "deep data": ("{{ data `" + "[" * 400 + "]" * 400 + "` }}", "more than 100 levels"),
    "a long loop": ("{{ range 9000000000000 }}{{ end }}", "more than 1000000 steps"),
    "growing text": (
        "{{ $x := printf `%1000000d` 1 }}{{ range 9 }}{{ $x = print $x $x }}{{ end }}",
        "grows beyond 64 MiB",
    ),
    "growing format": (
        "{{ $x := printf `%9000000d` 1 }}{{ printf `%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s` $x }}",
        "grows beyond 64 MiB",
    ),
    "growing output": (
        "{{ $x := printf `%9000000d` 1 }}{{ range 9 }}{{ $x }}{{ end }}",
        "grows beyond 64 MiB",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_limit(case: str, functions: gotemplates.Calls) -> None:
    template, message = CASES[case]
    with pytest.raises(TemplateError, match=message):
        gotemplates.render(template, "task.json", functions)


def test_what_is_within_the_limits_works(functions: gotemplates.Calls) -> None:
    nested = "{{ if 1 }}" * 40 + "{{ " + "(" * 9 + "1" + ")" * 9 + " }}" + "{{ end }}" * 40
    chain = "{{ if 0 }}" + "{{ else if 0 }}" * 2000 + "{{ else }}1{{ end }}"
    recursion = (
        "{{ define `t` }}{{ if . }}{{ template `t` (slice . 1) }}{{ end }}{{ end }}"
        "{{ template `t` (printf `%60d` 1) }}1"
    )
    for template in [nested, chain, recursion]:
        assert gotemplates.render(template, "task.json", functions).text == "1"
