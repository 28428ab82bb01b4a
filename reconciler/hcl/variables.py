"""Values for variables: from the environment, files, options and defaults, in Terraform's order.

Takes: declarations, and the texts that were given, the weakest first. Gives: a value for each variable, and where it
was given. Never reads a file or the environment itself.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.errors import HclError, Where
from reconciler.hcl import constraints, conversions, syntax, traversals, values
from reconciler.hcl.declarations import Validation, Variable
from reconciler.hcl.evaluation import Evaluator, Scope
from reconciler.hcl.faults import Fault
from reconciler.hcl.runs import Run
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Value
from reconciler.records import dataclass

PREFIX: Final = "TF_VAR_"
_FIRST: Final = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC: Final = (".auto.tfvars", ".auto.tfvars.json")
_FIRST_KEY: Final = re.compile(r'\s*\{\s*(?=")')
_NEXT_KEY: Final = re.compile(r"\s*,\s*")
_COLON: Final = re.compile(r"\s*:\s*")


@dataclass(frozen=True, slots=True)
class Given:
    """A value that was given for a variable.

    `text` is one that has yet to be read, as an expression or as it is, whichever the variable's type asks for;
    `strict` tells that a variable of the name must exist.
    """

    name: str
    where: Where
    value: Value = None
    text: str | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable's value, marked if it is sensitive, and where it was given: a file, an option, its declaration."""

    value: Value
    where: Where


def automatic(names: Iterable[str]) -> tuple[str, ...]:
    """Pick the names of a folder's files whose values count unasked, the weakest first."""
    found = set(names)
    return (
        *(name for name in _FIRST if name in found),
        *sorted(name for name in found if name.endswith(_AUTOMATIC)),
    )


def from_environment(environ: Mapping[str, str]) -> tuple[Given, ...]:
    """Give the values of `TF_VAR_name` in the environment. Those that no variable asks for are nobody's business."""
    return tuple(
        Given(name.removeprefix(PREFIX), Where(f"environment variable {name}"), text=text)
        for name, text in sorted(environ.items())
        if name.startswith(PREFIX)
    )


def from_option(text: str) -> Given:
    """Give the value of an option `-var NAME=VALUE`. Raises HclError."""
    name, equals, value = text.partition("=")
    where = Where(f"-var {name.strip()}")
    if not equals or not name.strip():
        raise HclError("a variable and its value are required", Where("-var"), 'as in -var "image=nginx"')
    return Given(name.strip(), where, text=value, strict=True)


def from_file(text: str, file: str) -> tuple[Given, ...]:
    """Give the values of a `.tfvars` file, or of a `.tfvars.json` one. Raises HclError, HclErrors for several."""
    return _from_json(text, file) if file.endswith(".json") else _from_hcl(text, file)


def from_values(members: Mapping[str, object], file: str) -> tuple[Given, ...]:
    """Give values that stand in a file of another kind, as JSON has them."""
    return tuple(Given(name, Where(file), values.from_plain(value)) for name, value in members.items())


def _from_hcl(text: str, file: str) -> tuple[Given, ...]:
    source, body = Source(text.removeprefix("\ufeff"), file), syntax.parse_body(text, file)
    run = Run()
    found: list[Given] = []
    for block in body.blocks:
        hint = f"an object is written {block.type} = {{ … }}"
        run.failed(source.error("a file of values holds no blocks", block.header, hint))
    for attribute in body.attributes:
        try:
            value = constraints.constant(attribute.expr, source)
        except HclError as error:
            run.failed(error)
        else:
            found.append(Given(attribute.name, source.where(attribute.name_span), value))
    run.finish()
    return tuple(found)


def _from_json(text: str, file: str) -> tuple[Given, ...]:
    text = text.removeprefix("\ufeff")
    try:
        data = json.loads(
            text,
            parse_float=conversions.to_number,
            parse_constant=conversions.to_number,
        )
    except (ValueError, RecursionError, Fault) as error:
        place = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (0, 0)
        what = (
            error.msg
            if isinstance(error, json.JSONDecodeError)
            else "a number is wrong, or it is nested too deeply"
        )
        raise HclError(f"this is no JSON: {what}", Where(file, *place)) from None
    if not isinstance(data, dict):
        raise HclError("an object is required, a member for each variable", Where(file))
    source = Source(text, file)
    places = {name: source.where(source.span(start, end)) for name, start, end in _keys(text)}
    return tuple(Given(name, places[name], values.from_plain(value)) for name, value in data.items())


def _keys(text: str) -> Iterator[tuple[str, int, int]]:
    """Give the keys of an object that is known to be well-formed JSON, with their offsets."""
    decode = json.JSONDecoder().raw_decode
    before = _FIRST_KEY.match(text)
    while before is not None:
        name, end = decode(text, before.end())
        yield name, before.end(), end
        colon = _COLON.match(text, end)
        assert colon is not None
        _, end = decode(text, colon.end())
        before = _NEXT_KEY.match(text, end)


def settle(declared: Mapping[str, Variable], given: Sequence[Given]) -> Mapping[str, Setting]:
    """Give each variable its value: the last that was given, else its default.

    What is given for others is `unused`'s to judge. Raises HclError, HclErrors for several: values of another type, and
    variables without any.
    """
    run = Run()
    last = {each.name: each for each in given}
    settings: dict[str, Setting] = {}
    for name, variable in declared.items():
        try:
            settings[name] = _setting(variable, last.get(name), last.keys() - declared.keys())
        except HclError as error:
            run.failed(error)
    run.finish()
    return settings


def unused(declared: Collection[str], given: Iterable[Given]) -> tuple[tuple[Given, str | None], ...]:
    """Give the values of files that none of all variables asks for, which deserve a warning, with near misses.

    Raises HclError, HclErrors for several, where a variable of the name must exist.
    """
    run = Run()
    found: list[tuple[Given, str | None]] = []
    for each in given:
        if each.name in declared:
            continue
        hint = traversals.suggestion(each.name, declared)
        if each.strict:
            run.failed(HclError(f"there is no variable {each.name}", each.where, hint))
        elif each.text is None:
            found.append((each, hint))
    run.finish()
    return tuple(found)


def _setting(variable: Variable, given: Given | None, others: Collection[str]) -> Setting:
    where = declared = variable.source.where(variable.span)
    if given is None:
        if not variable.default:
            hint = f"{PREFIX}{variable.name}, a line in terraform.tfvars, or -var {variable.name}=…"
            if near := difflib.get_close_matches(variable.name, sorted(others), n=1, cutoff=0.6):
                hint = f"a value is given for {near[0]}: is it meant for this one?"
            raise variable.source.error(f"the variable {variable.name} has no value", variable.span, hint)
        value = variable.default[0]
    else:
        where = given.where
        value = given.value if given.text is None else _read(variable, given.text, where)
        try:
            value = conversions.convert(value, variable.kind)
        except Fault as fault:
            what = f"the value of the variable {variable.name} does not have its type: {fault.what}"
            raise HclError(what, where, fault.hint) from None
        if value is None and not variable.nullable:
            if not variable.default:
                what = f"the variable {variable.name} must not be null"
                raise HclError(what, where, "nullable = false stands in its declaration")
            value, where = variable.default[0], declared
    return Setting(values.mark(value, values.Marks(sensitive=variable.sensitive)), where)


def _read(variable: Variable, text: str, where: Where) -> Value:
    """Read the text of an option or of the environment. It may be secret, so that no message shows it."""
    if variable.literal:
        return values.normal(text)
    try:
        return constraints.constant(syntax.parse_expression(text, str(where)), Source(text, str(where)))
    except HclError as error:
        hint = error.hint or f"the type of the variable is {variable.kind}, so this is an expression"
        raise HclError(f"the value cannot be read: {error.what}", where, hint) from None


def validate(
    declared: Mapping[str, Variable], settings: Mapping[str, Setting], scope: Scope, run: Run
) -> None:
    """Check the conditions of variables in a scope that knows their values; what is wrong goes to the run.

    A condition that is not known yet counts as met until it is.
    """
    for variable in declared.values():
        for validation in variable.validations:
            where = settings[variable.name].where
            _validate(variable, validation, where, Evaluator(run, validation.source, scope))


def _validate(variable: Variable, validation: Validation, where: Where, evaluator: Evaluator) -> None:
    condition = validation.condition
    met, _ = values.split(
        evaluator.truth(evaluator.value(condition), "the condition of this validation", condition.span)
    )
    if met is not False:
        return
    message, more = values.split(evaluator.value(validation.message))
    shown = message if isinstance(message, str) and not more.sensitive else "its validation failed"
    what = f"the value of the variable {variable.name} is refused: {shown}"
    evaluator.wrong(what, condition.span, f"its value is from {where}")
