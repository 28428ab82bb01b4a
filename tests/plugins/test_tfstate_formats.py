"""Go's Sprintf: the expectations were printed by Go 1.26 (`fmt.Sprintf` of the same arguments)."""

from __future__ import annotations

import pytest

from reconciler.core.values import Json
from reconciler.errors import ConfigError
from reconciler_tfstate import formats


@pytest.mark.parametrize(
    ("template", "arguments", "text"),
    [
        ("plain", [], "plain"),
        ("%s-%s", ["a", "b"], "a-b"),
        ("%5s|%-5s|%.2s", ["ab", "ab", "abc"], "   ab|ab   |ab"),
        ("%d %5d %-5d| %05d %+d % d", [1, 2, 3, 4, 5, 6], "1     2 3    | 00004 +5  6"),
        ("%05d", [-42], "-0042"),
        ("%v %v %v", ["a", 1, True], "a 1 true"),
        ("%v %v %v %v", [1.5, 3.0, 1e20, 1e21], "1.5 3 1e+20 1e+21"),
        ("%v %v", [0.0001, 0.00001], "0.0001 1e-05"),
        ("%v %v %v", [123456789.0, 100000.0, 12345678.25], "1.23456789e+08 100000 1.234567825e+07"),
        ("%q", ['a"b\\c'], '"a\\"b\\\\c"'),
        ("%t", [False], "false"),
        ("100%%", [], "100%"),
    ],
)
def test_sprintf(template: str, arguments: list[Json], text: str) -> None:
    assert formats.sprintf(template, arguments) == text


@pytest.mark.parametrize(
    ("template", "arguments", "says"),
    [
        ("%s", [], "no argument for %s"),
        ("a", ["x"], "no verb for 1 of its 1 arguments"),
        ("%d", ["x"], "cannot write text as %d"),
        ("%d", [1.5], "cannot write a number as %d"),
        ("%d", [True], "cannot write a boolean as %d"),
        ("%s", [1], "cannot write a number as %s"),
        ("%v", [None], "cannot write null as %v"),
        ("%v", [["a"]], "cannot write a list or object as %v"),
        ("%x", [1], "holds %x; the verbs are"),
        ("%", [], "holds %; the verbs are"),
    ],
)
def test_what_go_would_write_into_the_address(template: str, arguments: list[Json], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        formats.sprintf(template, arguments)
    assert says in str(caught.value)
