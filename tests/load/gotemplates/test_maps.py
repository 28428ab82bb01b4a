"""Every piece of output leads back to the source that made it, with the marks of its values."""

from __future__ import annotations

import pytest

from reconciler.core.values import Address, Origin
from reconciler.errors import Where
from reconciler.load import gotemplates

MARKS = {
    "a reference": ("{{ origin `a` }}", {"a"}, False),
    "functions unite": ("{{ print (origin `a`) (origin `b`) }}", {"a", "b"}, False),
    "a pipe": ("{{ origin `a` | upper | printf `%s%s` (origin `b`) }}", {"a", "b"}, False),
    "a variable": ("{{ $x := origin `a` }}{{ $x }}", {"a"}, False),
    "with": ("{{ with origin `a` }}{{ . }}{{ end }}", {"a"}, False),
    "range": ("{{ range list (origin `a`) }}{{ . }}{{ end }}", {"a"}, False),
    "range, index": ("{{ range $i, $_ := secret (list 1) }}{{ $i }}{{ end }}", set(), True),
    "a template": ("{{ define `t` }}{{ . }}{{ end }}{{ template `t` (origin `a`) }}", {"a"}, False),
    "or looks at the first": ("{{ or (origin `a`) (origin `b`) }}", {"a"}, False),
    "or looks at both": ("{{ or (secret 0) (origin `b`) }}", {"b"}, False),
    "a secret": ("{{ secret `a` }}", set(), True),
    "part of a secret": ('{{ (secret (data `{"a": {"b": 1}}`)).a.b }}', set(), True),
    "index of a secret": ("{{ index (secret (list 1)) 0 }}", set(), True),
    "a secret index": ("{{ index (list 1) (secret 0) }}", set(), True),
    "the length of a secret": ("{{ len (secret `a`) }}", set(), True),
    "comparing a secret": ("{{ eq (secret `a`) `a` }}", set(), True),
    "a secret condition": ("{{ if secret `a` }}{{ origin `b` }}{{ end }}", {"b"}, False),
    "an unknown": ("{{ print (origin `a`) (unknown `b`) }}", {"a"}, False),
}


@pytest.mark.parametrize("case", MARKS, ids=str)
def test_an_action_carries_the_marks_of_its_value(case: str, functions: gotemplates.Calls) -> None:
    template, origins, sensitive = MARKS[case]
    [segment] = gotemplates.render(template, "task.json", functions).segments
    assert segment.origins == {Origin(Address("origin", name)) for name in origins}
    assert segment.sensitive is sensitive
    assert not segment.literal


def test_segments_name_their_source(functions: gotemplates.Calls) -> None:
    source = "a  {{- /* c */}} b {{ upper `xy` -}}\n {{ $v := 1 }}c{{ unknown `u` }}"
    rendered = gotemplates.render(source, "task.json", functions)
    assert rendered.text == "a b XYc"
    assert [
        (rendered.text[s.out_start : s.out_end], source[s.src_start : s.src_end], s.literal)
        for s in rendered.segments
    ] == [
        ("a", "a", True),
        (" b ", " b ", True),
        ("XY", "{{ upper `xy` -}}", False),
        ("c", "c", True),
        ("", "{{ unknown `u` }}", False),
    ]


def test_a_loop_leads_back_to_its_body(functions: gotemplates.Calls) -> None:
    rendered = gotemplates.render("{{ range list 1 2 }}\n<{{ . }}>{{ end }}", "task.json", functions)
    assert rendered.text == "\n<1>\n<2>"
    assert rendered.where(rendered.text.index("2")) == Where("task.json", 2, 2)
    assert rendered.where(rendered.text.index("1")) == Where("task.json", 2, 2)
    assert rendered.where(5) == Where("task.json", 2, 1)


def test_a_parsed_template_can_run_again(functions: gotemplates.Calls) -> None:
    template = gotemplates.parse("{{ range 2 }}{{ . }}{{ end }}", "task.json", functions)
    assert gotemplates.execute(template, functions) == gotemplates.execute(template, functions)
