"""Go's text/template: takes the text of a template, gives the text it renders to, with a map back.

The language is that of Go's package `text/template` with its built-in functions, run without data: values come
from functions only. Differences: names and numbers of arguments are checked before anything runs, complex
numbers do not exist, and nesting, steps and output have limits. Values may be unknown: see `Calls.call`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.load.gotemplates.calls import Calls, Signature
from reconciler.load.gotemplates.execution import execute
from reconciler.load.gotemplates.nodes import Template
from reconciler.load.gotemplates.parser import Parser

if TYPE_CHECKING:
    from reconciler.load.sourcemaps import Rendered

__all__ = ["Calls", "Signature", "Template", "execute", "parse", "render"]


def parse(source: str, path: str, calls: Calls) -> Template:
    """Parse a template and check that its functions exist and take their arguments; nothing is called.

    `path` is the file's, for messages. TemplateError, with line and column, where it is wrong.
    """
    return Parser(source, path, calls).template()


def render(source: str, path: str, calls: Calls) -> Rendered:
    """Parse and run a template."""
    return execute(parse(source, path, calls), calls)
