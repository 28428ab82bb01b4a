"""The formats of drift, one table: what is printed, and what is written to files besides."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

from reconciler.cli import forms, logs, notifying, options, planning
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.render.drifts import Member
    from reconciler.render.reports import Report

_Write: TypeAlias = "Callable[[Report, forms.Sheet], str]"


@dataclass(frozen=True, slots=True)
class Form:
    """A format: what it writes of a run, and by which suffix a file has it; empty where no file does.

    In a `report` stands also what is wrong, even where it ends the command.
    """

    write: _Write
    suffix: str = ""
    report: bool = False


def _human(report: Report, sheet: forms.Sheet) -> str:
    from reconciler.render import drifts

    return drifts.human(report.members, planning.style(sheet.common), report.unmanaged)


def _json(report: Report, _sheet: forms.Sheet) -> str:
    from reconciler.render import drifts

    return drifts.document(report.members, report.unmanaged)


def _markdown(report: Report, sheet: forms.Sheet) -> str:
    from reconciler.render import markdown
    from reconciler.render.reports import comments

    return comments.comment(report, markdown.LIMIT if sheet.limit is None else sheet.limit)


def _annotations(report: Report, _sheet: forms.Sheet) -> str:
    from reconciler.render.reports import notes

    return notes.commands(report, forms.located)


def _page(report: Report, _sheet: forms.Sheet) -> str:
    from reconciler.render.reports import pages

    return pages.page(report)


FORMS: Final[Mapping[str, Form]] = {
    "human": Form(_human),
    "json": Form(_json, ".json"),
    "markdown": Form(_markdown, ".md", report=True),
    "github": Form(_annotations, report=True),
    "html": Form(_page, ".html", report=True),
}
"""The formats by their names."""

_SUFFIXES: Final = {form.suffix: name for name, form in FORMS.items() if form.suffix}
_MODE: Final = 0o644


def _files(
    _context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    """Read the names of files, each with its form."""
    return tuple((_form(Path(name)), Path(name)) for name in value)


def _form(path: Path) -> str:
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise click.BadParameter(f"{str(path)!r} ends in none of {', '.join(_SUFFIXES)}")
    if path.is_dir():
        raise click.BadParameter(f"{str(path)!r} is a folder")
    if not path.parent.is_dir():
        raise click.BadParameter(f"{str(path.parent)!r}, the folder of {path.name}, is not there")
    return form


def chosen(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say what is reported; they come as one `Reporting`, by the name `reporting`."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        form, files, limit = kwargs.pop("form"), kwargs.pop("report"), kwargs.pop("markdown_limit")
        kinds, place = tuple(dict.fromkeys(kwargs.pop("notify"))), kwargs.pop("notify_state")
        if kinds and kwargs["choice"].since:
            raise click.UsageError(
                "--notify is about the same projects every time; leave --changed-since out"
            )
        if kinds and kwargs["show_sensitive"]:
            raise click.UsageError(
                "--notify and --show-sensitive exclude each other: messages hold no secrets"
            )
        notifying.insist(kinds, place)
        if limit is not None and "markdown" not in (form, *(name for name, _ in files)):
            raise click.UsageError("--markdown-limit is about --format markdown and --report FILE.md")
        return function(*args, reporting=Reporting(form, files, limit, kinds, place), **kwargs)

    from functools import update_wrapper

    update_wrapper(wrapper, function)
    decorated: Callable[..., Any] = wrapper
    for option in reversed((
        click.option("--format", "form", type=click.Choice(list(FORMS)), default="human", show_default=True,
                     help="Output."),
        click.option("--report", metavar="FILE", multiple=True, callback=_files, shell_complete=options.files,
                     help=f"Write a file, too, in the form of its suffix: {', '.join(_SUFFIXES)}."),
        click.option("--markdown-limit", metavar="N", type=click.IntRange(4096),
                     help="How many characters Markdown may have; 65536, as many as a comment."),
        click.option("--notify", type=click.Choice(list(notifying.VARIABLES)), multiple=True,
                     help="Tell of what is new since the last time; the URL is in "
                     f"{' or '.join(notifying.VARIABLES.values())}."),
        click.option("--notify-state", metavar="DIR|s3://…", default="",
                     help="Where to remember what was told; the user's cache folder."),
    )):  # fmt: skip
        decorated = option(decorated)
    return decorated


class Reporting:
    """What is printed of a run, which files are written, and who is told."""

    def __init__(
        self,
        form: str,
        files: tuple[tuple[str, Path], ...],
        limit: int | None,
        kinds: tuple[str, ...] = (),
        place: str = "",
    ) -> None:
        """Keep what is given: a format, files with theirs, how many characters Markdown may have, and `notifying`'s."""
        self.form = form
        self.files = files
        self.limit = limit
        self.kinds = kinds
        self.place = place

    @property
    def given(self) -> bool:
        """Tell whether anything but text for people was asked for."""
        return self.form != "human" or bool(self.files or self.kinds)

    def sheet(self, common: options.Common, what: str, *, several: bool) -> forms.Sheet:
        """Say what is reported on: one project by its path, or how several were chosen."""
        return forms.Sheet(common, what, several=several, limit=self.limit)

    def show(self, report: Report, sheet: forms.Sheet, wanted: Sequence[str] = ()) -> None:
        """Print a run, write the files, and tell of what is wanted. ConfigError where a file cannot be written."""
        if text := FORMS[self.form].write(report, sheet):
            options.write(text)
        notifying.tell(self.kinds, self.place, report, sheet, wanted)
        self._write(report, sheet)

    @contextmanager
    def ending(self, sheet: forms.Sheet) -> Iterator[None]:
        """Report an error that ends the block, too, where there are reports. The error goes on."""
        try:
            yield
        except ReconcilerError as error:
            report = reported((failed(sheet.what, error, logs.hidden),), sheet)
            if FORMS[self.form].report and (text := FORMS[self.form].write(report, sheet)):
                options.write(text)
            notifying.tell(self.kinds, self.place, report, sheet, (), everything=False)
            try:
                self._write(report, sheet)
            except ConfigError as unwritten:  # what ended the block is told as the error
                logs.warning(str(unwritten))
            raise

    def _write(self, report: Report, sheet: forms.Sheet) -> None:
        for form, path in self.files:
            written(path, FORMS[form].write(report, sheet))


def reported(members: tuple[Member, ...], sheet: forms.Sheet, **more: Any) -> Report:
    """Make a report of now."""
    import time

    from reconciler.render.reports import Report

    return Report(members=members, name=sheet.name, several=sheet.several, at=time.time(), **more)


def failed(path: str, error: ReconcilerError, mask: Callable[[str], str]) -> Member:
    """Make the member of a project that has no drift to tell; `mask` hides what must not be shown in a message."""
    from reconciler.render import fleets
    from reconciler.render.drifts import Member

    return Member(path, error=mask(str(error)), wrong=tuple(fleets.wrong(error, mask)))


def written(path: Path, text: str) -> None:
    """Write a file that everybody may read, whole or not at all. ConfigError where that cannot be done."""
    there = path.resolve()  # a link stays one
    draft = there.with_name(f".{there.name}.{os.getpid()}")
    try:
        try:
            draft.write_text(text, encoding="utf-8", errors="backslashreplace")
            draft.chmod(_MODE)
            draft.replace(there)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"the report {path} cannot be written: {error.strerror}") from error
