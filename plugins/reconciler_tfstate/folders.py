"""What the files of a module declare, as far as outputs are computed from it.

Files are parsed whole and evaluated by nobody here. Files named ``override`` replace single arguments of what the
others declare: https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from reconciler.hcl import nodes, syntax
from reconciler.hcl.nodes import Attribute, Block, Expr
from reconciler.hcl.sources import Source
from reconciler.plugin import ConfigError, Unavailable
from reconciler_tfstate import jsonforms, modules

_K = TypeVar("_K")
Argument: TypeAlias = "tuple[Expr, Source]"

#: What a variable's declaration says about its value; the rest Terraform has checked when it applied.
_VARIABLE: Final = ("default", "nullable", "sensitive", "type")


@dataclass(frozen=True, slots=True)
class Declared:
    """A block: its arguments, and where it stands."""

    arguments: dict[str, Argument]
    header: nodes.Span
    source: Source

    @property
    def expansion(self) -> str | None:
        """Give ``count`` or ``for_each``, whichever it has; None where it is there once."""
        return next((name for name in ("count", "for_each") if name in self.arguments), None)

    def constant(self, name: str) -> object:
        """Give an argument that is a literal; None where it is none, or something else."""
        expr = self.arguments[name][0] if name in self.arguments else None
        return expr.value if isinstance(expr, nodes.Literal) else None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A module: its outputs, calls of other modules, variables and locals by name, and its resources.

    A resource's key is ``(mode, type, name)``, with ``managed`` or ``data`` as its mode.
    """

    folder: Path
    outputs: dict[str, Declared] = field(default_factory=dict)
    calls: dict[str, Declared] = field(default_factory=dict)
    variables: dict[str, Declared] = field(default_factory=dict)
    definitions: dict[str, Argument] = field(default_factory=dict)
    resources: dict[tuple[str, str, str], Declared] = field(default_factory=dict)


def read(folder: Path) -> Configuration:
    """Read the files of a module. Unavailable, with the place, where one cannot be parsed."""
    found = Configuration(folder)
    for path in modules.files(folder):
        for block, source in _blocks(path):
            _declare(found, block, source)
    return found


def variable_block(name: str, declared: Declared) -> Block:
    """Give a variable's block without what does not bear on its value; old types in quotes lose them."""
    arguments: list[Attribute] = []
    for argument in _VARIABLE:
        if argument in declared.arguments:
            expr = declared.arguments[argument][0]
            if argument == "type" and isinstance(expr, nodes.Literal) and isinstance(expr.value, str):
                expr = nodes.Name(expr.value, expr.span)
            arguments.append(Attribute(argument, expr, expr.span, expr.span))
    return Block("variable", (name,), nodes.Body(tuple(arguments)), declared.header, declared.header)


def _blocks(path: Path) -> Iterator[tuple[Block, Source]]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unavailable(f"{path} is not text in UTF-8") from None
    try:
        if path.name.endswith(".json"):
            for block in jsonforms.blocks(text, str(path)):
                yield block, Source("", f"{path} ({'.'.join((block.type, *block.labels))})")
        else:
            source = Source(text, str(path))
            for block in syntax.parse_body(text, str(path)).blocks:
                yield block, source
    except ConfigError as error:
        raise Unavailable(f"{error.where or path} cannot be read: {error.what}", hint=error.hint) from None
    except (ValueError, RecursionError):
        raise Unavailable(f"{path} is no JSON that can be read") from None


def _declare(found: Configuration, block: Block, source: Source) -> None:
    arguments = {each.name: (each.expr, source) for each in block.body.attributes}
    match block.type, block.labels:
        case "locals", ():
            found.definitions.update(arguments)
        case ("resource" | "data") as kind, (type_, name):
            key = ("data" if kind == "data" else "managed", type_, name)
            _merge(found.resources, key, Declared(arguments, block.header, source))
        case "output", (name,):
            _merge(found.outputs, name, Declared(arguments, block.header, source))
        case "module", (name,):
            _merge(found.calls, name, Declared(arguments, block.header, source))
        case "variable", (name,):
            _merge(found.variables, name, Declared(arguments, block.header, source))


def _merge(into: dict[_K, Declared], key: _K, declared: Declared) -> None:
    """Lay an override's arguments over those that are there."""
    if key in into:
        into[key].arguments.update(declared.arguments)
    else:
        into[key] = declared
