"""Reading HCL: bodies, expressions and templates.

Takes: text and the name of its file. Gives: nodes with their places. Raises HclError with the place of the first thing
that is wrong, a sentence, the line with carets, and a hint where there is one; nothing else, whatever the text is.

Brackets, and expressions, may be nested `tokens.DEEPEST` (150) levels deep, so that what walks the tree may recurse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler.hcl import depths, parser
from reconciler.hcl.sources import Source
from reconciler.hcl.tokens import DEEPEST

if TYPE_CHECKING:
    from reconciler.hcl.nodes import Body, Expr


def parse_body(text: str, file: str) -> Body:
    """Parse a file of arguments and blocks. A byte order mark is no part of the text."""
    return cast("Body", _parse(Source(text.removeprefix("\ufeff"), file), "start"))


def parse_expression(text: str, file: str, line: int = 1, column: int = 1) -> Expr:
    """Parse one expression, over as many lines as it likes. `line` and `column` say where it begins in its file."""
    return cast("Expr", _parse(Source(text, file, line, column), "expression"))


def parse_template(text: str, file: str, line: int = 1, column: int = 1) -> Expr:
    """Parse text with `${…}` and `%{…}`, without quotes: backslashes and newlines are text.

    So `templatefile` has it, and the strings of `.tf.json`.
    """
    return cast("Expr", _parse(Source(text, file, line, column), "template"))


def _parse(source: Source, start: str) -> Body | Expr:
    found, bound = parser.parse(source, start)
    if bound > DEEPEST:
        depths.check(source, found)
    return cast("Body | Expr", found)
