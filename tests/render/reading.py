"""Reports read as GitHub would, and the texts that would be markup there if they could."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import strategies as st

from reconciler.core.values import Json

# What would mean something in Markdown, in HTML, in a workflow command, or to a terminal.
PIECES = (
    "```", "`````diff", "~~~", "`", "<details>", "</details>", "<summary>", "-->", "<!--", "--", "<b>", "&lt;", "|",
    "\\|", "\\", "\n", "\r", "\n\n", "::error::", "::", "@team", "#12", "[a](b)", "![a](b)", "*", "_", "> ", "%0A", "%",
    ",", ":", "\u2028", "\x85", "\x0b", "\x1b[2J", "\ud800", "é", "設定", "🙂", "{left}", " ", "web", "x" * 300,
    "- y\n" * 40,
)  # fmt: skip
evil = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6).map("".join)
values: st.SearchStrategy[Json] = st.recursive(
    evil | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(evil, inner, max_size=3),
    max_leaves=5,
)
# What our own Markdown is made of, once code spans are taken out of a line.
OURS = re.compile(
    r"""<!--\ reconciler\ (?:plan|drift)\ (?:(?!--|[<>]).)*\ -->
      | \#\#\#\ .*
      | >\ \[!(?:CAUTION|WARNING|NOTE)\]
      | (?:>\ )?_.*_
      | \|.*\|
      | <details><summary>(?:<code>[^<>]*</code>\ )?<code>[^<>]*</code>:\ [a-z0-9,\ ]+</summary>
      | </details>
      | \ is\ what\ AWS\ shows,\ \ what\ the\ files\ say,\ \ both\.
      | """,
    re.VERBOSE,
)


def checked(text: str) -> int:
    """Read a comment as GitHub's Markdown would; give how many details there are in it."""
    lines = text.split("\n")
    assert lines.pop() == ""
    assert text.splitlines() == lines, "nothing but a line feed ends a line"
    fence: tuple[str, str] | None = None
    folded: list[int] = []
    for number, line in enumerate(lines):
        prefix = "> " if line.startswith("> ") else ""
        ticks = re.match("`{3,}", line[len(prefix) :])
        if fence is not None:
            assert line.startswith(fence[0]), "a frame goes around all of a fence"
            inner = line[len(fence[0]) :]
            closing = re.fullmatch(r" {0,3}(`{3,}) *", inner)
            if closing is not None and len(closing[1]) >= len(fence[1]):
                assert inner == fence[1], "only we close a fence"
                fence = None
        elif ticks is not None:
            assert line[len(prefix) :] in (f"{ticks[0]}diff", f"{ticks[0]}text")
            fence = prefix, ticks[0]
        else:
            _ours(line)
            if line.startswith("<details>"):
                assert lines[number + 1] == "", "Markdown begins again behind an empty line"
                folded.append(number)
            elif line == "</details>":
                assert lines[number - 1] == ""
                folded[-1] *= -1
            assert all(place <= 0 for place in folded[:-1]), "one in another"
    assert fence is None
    assert all(place < 0 for place in folded)
    return len(folded)


def _ours(line: str) -> None:
    """Check that a line outside of fences has no markup but ours."""
    bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
    if not line.startswith("<"):
        bare = re.sub(r"<code>[^<>`*_@|\\]*</code>", "", bare)
        assert not set(bare) & set("`<@\\"), line
    assert OURS.fullmatch(bare), line


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as GitHub's runner does."""
    assert line.startswith("::")
    head, message = line[2:].split("::", 1)
    name, _, rest = head.partition(" ")
    properties = dict(each.split("=", 1) for each in rest.split(","))
    assert not re.search("%(?!25|0D|0A|3A|2C)", line), "what else is escaped stays so"
    return name, {key: unquote(value) for key, value in properties.items()}, unquote(message)
