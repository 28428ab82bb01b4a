"""Every reference of a document, whether evaluating it comes by or not, and however many of them are wrong.

The calls of a template or of HCL are read off its parsed tree, those in branches that are not taken too; what their
arguments come to is what an evaluation finds that goes on where a reference has no value. The tags of YAML and the
native functions of Jsonnet show only in that evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from reconciler.core.references import Function, Functions
from reconciler.core.values import UNKNOWN, Address, Failure, Json, Marked, Origin, Value
from reconciler.errors import ConfigError, ReconcilerError, ResolveError, Where
from reconciler.load import evaluate, gotemplates
from reconciler.load.calls import Known, Lookups, Texts
from reconciler.load.gotemplates import nodes
from reconciler.load.gotemplates.evaluation import Evaluator
from reconciler.load.sources import Document, Options
from reconciler.records import dataclass

_STAND_IN: Final = "0"
"""What stands for a value that is not to be had: text, and a number where the document has no quotes around it.

HCL, whose expressions judge what they are given, has values that are not known."""


@dataclass(frozen=True, slots=True)
class Use:
    """One call of a reference function: where it stands, its source text, and the addresses that it came to.

    No address where its arguments are computed and evaluation did not come by.
    """

    where: Where
    function: str
    text: str
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The uses of a document in the order of its text, what is wrong with the document, and what is not known yet."""

    uses: tuple[Use, ...]
    problems: tuple[ReconcilerError, ...] = ()
    needs: tuple[Address, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What an evaluation came by: addresses by place and function."""

    calls: dict[tuple[Where, str], dict[Address, None]] = field(default_factory=dict)


class _Recorder(Lookups):
    """Lookups that go on without a value, and remember who asked."""

    def __init__(self, functions: Functions, known: Known, stand_in: object = _STAND_IN) -> None:
        super().__init__(functions, known)
        self.seen = _Seen()
        self._answers = known
        self._stand_in = stand_in
        self._asked: dict[Address, None] = {}
        self._structured = False
        self.guessed = False

    def fork(self) -> Lookups:
        # What other evaluations come by, with other values in the place of some, is no use of the document's.
        return _Recorder(self._functions, self._answers, self._stand_in)

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        self._structured = self.structured(name)
        if name in self._functions:
            self._asked = self.seen.calls.setdefault((where, name), {})
        return super().call(name, arguments, where)

    def _answer(self, address: Address, arguments: Sequence[Marked], where: Where) -> Marked:
        self._asked[address] = None
        answer = self._answers.get(address)
        if isinstance(answer, Failure) or (
            isinstance(answer, Value) and (answer.unknown or answer.unknown_paths or answer.failures)
        ):
            self.guessed = self.guessed or self._structured
            return Marked(self._stand_in, frozenset({Origin(address)}))
        return super()._answer(address, arguments, where)


def listing(document: Document, functions: Functions, known: Known, options: Options) -> Listing:
    """List the references of a document, as far as what is known allows."""
    is_hcl = document.format in ("hcl", "hcl-project")
    recorder = _Recorder(functions, known, UNKNOWN if is_hcl else _STAND_IN)
    problems: list[ReconcilerError] = []
    static: list[Use] = []
    try:
        if is_hcl:
            static = list(_of_hcl(document, functions, options))
        elif document.format != "jsonnet":
            static = list(_static(document, functions, recorder))
        evaluate.evaluate_one(document, functions, recorder, options)
    except (ConfigError, ResolveError) as error:
        if not recorder.guessed:  # what stands in for a structure has none of its members
            problems.append(error)
    uses = _merged(static, _own(document, functions, options, recorder.seen.calls))
    return Listing(tuple(uses), tuple(problems), tuple(recorder.needs))


def _merged(static: Sequence[Use], calls: Mapping[tuple[Where, str], Mapping[Address, None]]) -> list[Use]:
    uses = []
    left = dict(calls)
    for use in static:
        found = left.pop((use.where, use.function), {})
        uses.append(Use(use.where, use.function, use.text, tuple(found) or use.addresses))
    uses += [Use(where, name, name, tuple(found)) for (where, name), found in left.items()]
    return sorted(uses, key=lambda use: (use.where.line, use.where.column))


def _own(
    document: Document,
    functions: Functions,
    options: Options,
    calls: Mapping[tuple[Where, str], Mapping[Address, None]],
) -> Mapping[tuple[Where, str], Mapping[Address, None]]:
    """Leave out what stands in the project file's own listing: the locals that a definition in HCL uses."""
    if options.declared is None or options.declared.path == document.path or document.format != "hcl":
        return calls
    above = {
        (use.where, use.function) for use in _of_hcl(options.declared, functions, options) if use.addresses
    }
    return {key: found for key, found in calls.items() if key not in above}


def _of_hcl(document: Document, functions: Functions, options: Options) -> Iterator[Use]:
    from reconciler.load.hcls import static

    for each in static.listed(document, functions, options):
        function = functions.get(each.function)
        given = each.arguments
        addresses = _addresses(function, given) if function is not None and given is not None else ()
        yield Use(each.where, each.function, each.text, addresses)


def _addresses(function: Function, given: Sequence[Json]) -> tuple[Address, ...]:
    """Give the address that constant arguments make; none where they are wrong: evaluation says so at their place."""
    try:
        return (function.address(given),) if function.takes(len(given)) else ()
    except ConfigError:
        return ()


def _static(document: Document, functions: Functions, lookups: Lookups) -> Iterator[Use]:
    template = gotemplates.parse(document.text, str(document.path), Texts(lookups))
    places = Evaluator(template, Texts(lookups))
    bodies = [template.body, *template.definitions.values()]
    for command in (command for body in bodies for command in _commands(body)):
        first = command.operands[0]
        if not isinstance(first, nodes.Function) or first.name not in functions:
            continue
        arguments = command.operands[1:]
        addresses: tuple[Address, ...] = ()
        if all(isinstance(argument, nodes.Literal) for argument in arguments):
            given = [argument.value for argument in arguments if isinstance(argument, nodes.Literal)]
            addresses = _addresses(functions[first.name], given)
        yield Use(places.where(first), first.name, template.source[command.start : command.end], addresses)


def _commands(body: nodes.Body) -> Iterator[nodes.Command]:
    for statement in body:
        match statement:
            case nodes.Action(pipe=pipe):
                yield from _of_pipe(pipe)
            case (
                nodes.If(branches=branches, otherwise=otherwise)
                | nodes.With(branches=branches, otherwise=otherwise)
            ):
                for branch in branches:
                    yield from _of_pipe(branch.pipe)
                    yield from _commands(branch.body)
                yield from _commands(otherwise)
            case nodes.Range(pipe=pipe, body=inner, otherwise=otherwise):
                yield from _of_pipe(pipe)
                yield from _commands(inner)
                yield from _commands(otherwise)
            case nodes.Invoke(pipe=pipe) if pipe is not None:
                yield from _of_pipe(pipe)


def _of_pipe(pipe: nodes.Pipe) -> Iterator[nodes.Command]:
    for command in pipe.commands:
        yield command
        for operand in command.operands:
            yield from _inside(operand)


def _inside(operand: nodes.Operand) -> Iterator[nodes.Command]:
    """Give the commands in parentheses, and a function that is given as an argument: it is called without any."""
    match operand:
        case nodes.Pipe():
            yield from _of_pipe(operand)
        case nodes.Chain(operand=inner):
            yield from _inside(inner)
