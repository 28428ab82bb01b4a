"""JSON, YAML and CSV: to values, and from them."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation

from reconciler.hcl import numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import jsontexts, yamltexts, yamlvalues
from reconciler.hcl.functions.signatures import Parameter, function, text
from reconciler.hcl.values import Object, Value, from_plain, normal

_SURROGATE = re.compile("[\ud800-\udfff]")


def jsondecode(given: str) -> Value:
    """Read JSON; of equal keys the last wins."""

    def refuse(_: str) -> None:
        raise ValueError

    try:
        data = json.loads(
            given.strip(" \t\r\n"), parse_float=_decimal, parse_int=_decimal, parse_constant=refuse
        )
    except RecursionError:
        raise Fault("the JSON is nested too deeply", argument=0) from None
    except json.JSONDecodeError as error:
        place = f" (line {error.lineno}, column {error.colno})"
        raise Fault(f"it is no valid JSON{place}", argument=0) from None
    except (ValueError, InvalidOperation):
        raise Fault("it is no valid JSON", argument=0) from None
    return from_plain(_replaced(data))


def _decimal(digits: str) -> int | Decimal:
    return numerals.number(Decimal(digits))


def _replaced(data: object) -> object:
    """Put U+FFFD for halves of surrogate pairs, as Go does."""
    match data:
        case str():
            return _SURROGATE.sub("\ufffd", data)
        case list():
            return list(map(_replaced, data))
        case dict():
            return {_replaced(key): _replaced(member) for key, member in data.items()}
        case _:
            return data


def jsonencode(value: Value) -> Value:
    """Write JSON, keys sorted."""
    return jsontexts.written(value)


def yamldecode(given: str) -> Value:
    """Read one document of YAML."""
    return yamlvalues.read(given)


def yamlencode(value: Value) -> Value:
    """Write YAML: every text in double quotes, or as a block where it has several lines."""
    return yamltexts.written(value)


def csvdecode(given: str) -> Value:
    """Read CSV as RFC 4180 writes it: a list of objects, one a row, by the names of the first."""
    rows = _rows(given)
    if not rows:
        raise Fault("a line with the names is required", argument=0)
    names = rows[0]
    if len(set(names)) < len(names):
        raise Fault("two columns have the same name", argument=0)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise Fault(f"row {number} has {len(row)} fields, and there are {len(names)} names", argument=0)
    return tuple(Object(zip(names, row, strict=True)) for row in rows[1:])


_FIELD = re.compile(r'"((?:[^"]|"")*)"(?=[,\n]|\Z)|([^",\n]*)(?=[,\n]|\Z)')


def _rows(given: str) -> list[list[str]]:
    source = given.replace("\r\n", "\n")
    rows: list[list[str]] = []
    at, row = 0, list[str]()
    while at < len(source) or row:
        if not row and source.startswith("\n", at):
            at += 1  # an empty line is no row
            continue
        match = _FIELD.match(source, at)
        if match is None:
            raise Fault(
                f"a quote stands where none may (line {source.count(chr(10), 0, at) + 1})", argument=0
            )
        row.append(normal(match[2] if match[1] is None else match[1].replace('""', '"')))
        at = match.end() + 1
        if not source.startswith(",", match.end()):
            rows.append(row)
            row = []
    return rows


FUNCTIONS = (
    function("csvdecode", csvdecode, text()),
    function("jsondecode", jsondecode, text()),
    function("jsonencode", jsonencode, Parameter("value", null=True)),
    function("yamldecode", yamldecode, text("source")),
    function("yamlencode", yamlencode, Parameter("value", null=True)),
)
