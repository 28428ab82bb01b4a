"""Whatever the text, it renders or it is a TemplateError with a place; the map covers all the output."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ConfigError
from reconciler.load import gotemplates
from reconciler.load.sourcemaps import Rendered

WORDS = """
    {{ }} {{- -}} {{/* */}} ( ) | , := = . .a .b $ $x " ` ' \\ 0 -1 1.5 1e9 0x nil true false "a" `b` 'c' "%v %5d"
    if else end with range break continue define template block and or not eq lt len index slice print printf
    println html js urlquery call data list null upper fail unknown origin secret
    {{end}} {{else}} {{$x:=1}} {{range list 1}}
"""

noise = st.lists(
    st.sampled_from([*WORDS.split(), " ", "  ", "\n", "\t"]) | st.text(max_size=3), max_size=25
).map("".join)
quick = settings(max_examples=120, deadline=None)


def check_map(rendered: Rendered) -> None:
    position = 0
    for segment in rendered.segments:
        assert segment.out_start == position
        assert segment.out_start <= segment.out_end
        assert 0 <= segment.src_start <= segment.src_end <= len(rendered.source)
        if segment.literal:
            copied = rendered.source[segment.src_start : segment.src_end]
            assert rendered.text[segment.out_start : segment.out_end] == copied
        position = segment.out_end
    assert position == len(rendered.text)


def constant(value: str | float) -> str:
    """Write a value as a call that gives it."""
    encoded = json.dumps(value).replace("`", "\\u0060")
    return f"(data `{encoded}`)"


@quick
@given(source=noise)
def test_any_text_renders_or_is_an_error_with_a_place(source: str, functions: gotemplates.Calls) -> None:
    try:
        rendered = gotemplates.render(source, "case", functions)
    except ConfigError as error:
        where = error.where
    else:
        check_map(rendered)
        return
    lines = source.split("\n")
    assert where is not None
    assert 1 <= where.line <= len(lines)
    assert 1 <= where.column <= len(lines[where.line - 1]) + 1


@quick
@given(source=st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_is_itself(source: str, functions: gotemplates.Calls) -> None:
    rendered = gotemplates.render(source, "case", functions)
    assert rendered.text == source
    check_map(rendered)


@quick
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="`\r")))
def test_a_raw_string_is_itself(text: str, functions: gotemplates.Calls) -> None:
    assert gotemplates.render(f"{{{{ `{text}` }}}}", "case", functions).text == text


@quick
@given(text=st.text())
def test_a_quoted_string_reads_back(text: str, functions: gotemplates.Calls) -> None:
    quoted = gotemplates.render(f"{{{{ printf `%q` {constant(text)} }}}}", "case", functions).text
    assert gotemplates.render(f"{{{{ {quoted} }}}}", "case", functions).text == text


@quick
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back(number: float, functions: gotemplates.Calls) -> None:
    printed = gotemplates.render(f"{{{{ {constant(number)} }}}}", "case", functions).text
    assert float(printed) == number
