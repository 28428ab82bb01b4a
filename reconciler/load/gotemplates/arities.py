"""Whether the functions of a command exist and take what they are given; and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from reconciler.load.gotemplates import functions, nodes
from reconciler.load.gotemplates.calls import counted

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Calls, Signature

_LONGEST_HINT = 160


class Problem(NamedTuple):
    """A call that cannot be made."""

    what: str
    node: nodes.Function
    hint: str | None


def exists(name: str, calls: Calls) -> bool:
    """Tell whether there is a function of a name."""
    return name in functions.BUILT_IN or calls.signature(name) is not None


def names(calls: Calls) -> list[str]:
    """Give the names of all functions."""
    return [*functions.BUILT_IN, *calls.names()]


def near(name: str, known: Iterable[str]) -> str | None:
    """Suggest the known names that are most like a name; None where none is like it."""
    import difflib

    found = difflib.get_close_matches(name, sorted(set(known)), n=3, cutoff=0.6)
    return f"write {' or '.join(found)}" if found else None


def problem(command: nodes.Command, source: str, calls: Calls, *, piped: bool) -> Problem | None:
    """Give the first call of a command that has too many or too few arguments.

    The first operand is called with the others (and with what is piped in), any other function with none.
    """
    for node, count in _called(command, piped=piped):
        signature = _signature(node.name, calls)
        if signature is None or signature.takes(count):
            continue
        given = f"it gets {counted(count) if count else 'none'} here"
        if count and piped and node is command.operands[0]:
            given += ", counting the one that is piped in"
        return Problem(
            f"{node.name} takes {signature.arity()}, {given}",
            node,
            _meant(command, source, calls, piped=piped),
        )
    return None


def _called(command: nodes.Command, *, piped: bool) -> Iterator[tuple[nodes.Function, int]]:
    first, *rest = command.operands
    if isinstance(first, nodes.Function):
        yield first, len(rest) + piped
    for operand in (first, *rest):
        inner = operand.operand if isinstance(operand, nodes.Chain) else operand
        if isinstance(inner, nodes.Function) and inner is not first:
            yield inner, 0


def _meant(command: nodes.Command, source: str, calls: Calls, *, piped: bool) -> str | None:
    """Guess from a bare function name among the arguments: written twice, or without its parentheses."""
    first, *rest = command.operands
    written = [source[operand.start : operand.end] for operand in rest]
    if not isinstance(first, nodes.Function) or "\n" in source[command.start : command.end]:
        return None
    for index, operand in enumerate(rest):
        if not isinstance(operand, nodes.Function):
            continue
        before, after = written[:index], written[index + 1 :]
        without = [*before, *after]
        if operand.name == first.name and _fits(first.name, len(without) + piped, calls):
            return _wrapped([first.name, *without])
        if after and _fits(operand.name, len(after), calls) and _fits(first.name, index + 1 + piped, calls):
            return _wrapped([first.name, *before, f"({' '.join([operand.name, *after])})"])
    return None


def _fits(name: str, count: int, calls: Calls) -> bool:
    signature = _signature(name, calls)
    return signature is not None and signature.takes(count)


def _wrapped(words: list[str]) -> str | None:
    text = f"{{{{ {' '.join(words)} }}}}"
    return text if len(text) <= _LONGEST_HINT else None


def _signature(name: str, calls: Calls) -> Signature | None:
    return calls.signature(name) or functions.SIGNATURES.get(name)
