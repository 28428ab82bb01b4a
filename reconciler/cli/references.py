"""`reconciler references`: everything that the project refers to, and whether it is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits, logs, options, patience, planning
from reconciler.core.redaction import MASK
from reconciler.core.values import Failure, Value
from reconciler.errors import NotFound, ResolveError

if TYPE_CHECKING:
    from reconciler.api.references import Reference
    from reconciler.core.redaction import Masker

_WIDEST = 60


@click.command()
@options.common
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Output.",
)
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(common: options.Common, form: str, *, show_sensitive: bool) -> int:
    """List every reference in the project's files, with its value or what is wrong with it.

    References in branches of a template that are not taken are listed too. Exit code 1 if any is wrong.

    \b
    Examples:
      reconciler references
      reconciler references --format json | jq '.[] | select(.status != "ok")'
    """
    with options.opened(common, show_sensitive=show_sensitive, aws=False) as reconciler:
        with patience.told():
            listed = reconciler.references()
        masker = reconciler.masker
        if form == "json":
            rows = [_member(reference, masker) for reference in listed.references]
            options.write(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            from reconciler.render import tables

            cells = [_cells(reference, masker) for reference in listed.references]
            options.write(
                tables.table(("PLACE", "REFERENCE", "RESOLVER", "VALUE"), cells, planning.style(common))
            )
    wrong = [reference for reference in listed.references if reference.wrong is not None]
    for problem in listed.problems:
        logs.failed(str(problem), kind=type(problem).__name__)
    if wrong:
        count = "one reference has" if len(wrong) == 1 else f"{len(wrong)} references have"
        logs.failed(f"{count} no value", wrong=len(wrong))
    return exits.ERROR if wrong or listed.problems else exits.OK


def _status(reference: Reference) -> str:
    match reference.answer:
        case Failure(error):
            return {"NotFound": "missing", "Denied": "denied", "Unavailable": "unavailable"}.get(
                type(error).__name__, "wrong"
            )
        case Value(unknown=True):
            return "known later"
        case Value(unknown_paths=[_, *_]):
            return "partly known later"
        case Value(failures=[_, *_]):
            return "partly unavailable"
        case Value():
            return "ok"
        case _:
            return "not reached"


def _member(reference: Reference, masker: Masker) -> dict[str, Any]:
    address, answer = reference.address, reference.answer
    value = answer if isinstance(answer, Value) else None
    return {
        "file": reference.where.path,
        "line": reference.where.line,
        "column": reference.where.column,
        "text": reference.text,
        "resolver": address.resolver if address else None,
        "path": masker.text(address.path) if address else None,
        "status": _status(reference),
        "value": _masked(value, masker) if value else None,
        "sensitive": bool(value and value.sensitive_paths),
        "source": {"name": value.source.name, "version": value.source.version}
        if value is not None and value.source is not None
        else None,
        "error": masker.text(answer.error.what) if isinstance(answer, Failure) else None,
        "hint": masker.text(answer.error.hint or "") or None if isinstance(answer, Failure) else None,
    }


def _cells(reference: Reference, masker: Masker) -> tuple[str, str, str, str]:
    address, answer = reference.address, reference.answer
    if isinstance(answer, Value) and not (answer.unknown or answer.unknown_paths or answer.failures):
        shown = _masked(answer, masker)
        value = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
        value = value if len(value) <= _WIDEST else f"{value[: _WIDEST - 1]}…"
    elif isinstance(answer, Failure):
        hint = f" ({answer.error.hint})" if answer.error.hint else ""
        value = masker.text(f"{_status(reference)}: {answer.error.what}{_near(answer.error) or hint}")
    else:
        value = _status(reference)
    return (
        str(reference.where),
        masker.text(address.path) if address else reference.text,
        address.resolver if address else "",
        value,
    )


def _near(error: ResolveError) -> str:
    near = error.near if isinstance(error, NotFound) else ()
    return f" (did you mean {', '.join(near)}?)" if near else ""


def _masked(value: Value, masker: Masker) -> Any:
    if () in value.sensitive_paths and not masker.open:  # of which not even names are shown
        return MASK
    return masker.value(value.data, sensitive=bool(value.sensitive_paths))
