"""Options that every command takes, before or after its name, and what they open."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from reconciler.cli import logs
from reconciler.records import dataclass

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconciler.api import Project, Reconciler
    from reconciler.load.discovery import Found
    from reconciler.load.sources import Options as Surroundings

PREFIXES: Final = ("RECONCILER", "ECSPRESSO")  # the first that is set wins


@dataclass(frozen=True, slots=True)
class Common:
    """The options given so far; None where one was not given."""

    config: str | None = None
    envfile: tuple[str, ...] | None = None
    ext_str: tuple[str, ...] | None = None
    ext_code: tuple[str, ...] | None = None
    profile: str | None = None
    region: str | None = None
    assume_role_arn: str | None = None
    timeout: float | None = None
    debug: bool | None = None
    color: bool | None = None
    log_format: str | None = None
    filter_command: str | None = None
    workspace: str | None = None
    tf_plan: tuple[str, ...] | None = None
    var: tuple[str, ...] | None = None
    var_file: tuple[str, ...] | None = None


def _seconds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """Turn a duration into seconds."""
    if value is None:
        return None
    from reconciler.load import durations

    try:
        return durations.limit(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}; write one such as 10m or 90s, or 0 for ever") from error


def _color(_context: click.Context, _parameter: click.Parameter, value: bool | None) -> bool | None:
    """Take the variables that ask for colour, or for none, where no flag does."""
    if value is not None:
        return value
    for prefix in PREFIXES:
        for name, meaning in ((f"{prefix}_COLOR", True), (f"{prefix}_NO_COLOR", False)):
            if text := os.environ.get(name):
                return meaning is bool(click.BOOL.convert(text, None, None))
    return None


def variables(name: str) -> list[str]:
    """Give the environment variables of an option, in the order in which they count."""
    return [f"{prefix}_{name.upper().replace('-', '_')}" for prefix in PREFIXES]


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell complete names of files. The type of a path would split variables at colons."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def projects(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell complete project files, and behind ``FILE#`` the names of its services."""
    file, sign, name = incomplete.rpartition("#")
    if not sign:
        return files(context, parameter, incomplete)
    from click.shell_completion import CompletionItem

    from reconciler.api import projects as read
    from reconciler.load import discovery

    names = discovery.names(Path(file), read.surroundings())
    return [CompletionItem(f"{file}#{each}") for each in names if each.startswith(name)]


_OPTIONS: Final = (
    click.option(
        "--config",
        metavar="FILE",
        envvar=variables("config"),
        shell_complete=projects,
        help="Project file, or FILE#NAME for one of its services.",
    ),
    click.option(
        "--envfile",
        metavar="FILE,…",
        multiple=True,
        envvar=variables("envfile"),
        shell_complete=files,
        help="Files of variables; they count before the environment.",
    ),
    click.option(
        "--ext-str",
        metavar="K=V;…",
        multiple=True,
        envvar=variables("ext_str"),
        help="Jsonnet external strings.",
    ),
    click.option(
        "--ext-code",
        metavar="K=V;…",
        multiple=True,
        envvar=variables("ext_code"),
        help="Jsonnet external code.",
    ),
    click.option("--profile", metavar="NAME", help="AWS profile."),
    click.option("--region", metavar="NAME", help="AWS region, in place of the project's."),
    click.option(
        "--assume-role-arn", metavar="ARN", envvar=variables("assume_role_arn"), help="Role to assume first."
    ),
    click.option(
        "--timeout",
        metavar="DURATION",
        envvar=variables("timeout"),
        callback=_seconds,
        help="How long to wait: 10m, 90s, 0 for ever.",
    ),
    click.option(
        "--debug",
        is_flag=True,
        default=None,
        envvar=variables("debug"),
        help="Show where an error comes from.",
    ),
    click.option(
        "--color/--no-color",
        default=None,
        callback=_color,
        help="Colour; on a terminal by default.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        envvar=variables("log_format"),
        help="Format of what goes to stderr.",
    ),
    click.option(
        "--filter-command",
        metavar="CMD",
        envvar=variables("filter_command"),
        help="Command that chooses one of several lines, such as peco or fzf.",
    ),
    click.option("--workspace", metavar="NAME", help="Terraform's workspace, in place of TF_WORKSPACE."),
    click.option(
        "--tf-plan",
        metavar="[PREFIX=]FILE",
        multiple=True,
        shell_complete=files,
        help="Use the values that Terraform plans: a file of `terraform show -json PLAN`.",
    ),
    click.option(
        "--var",
        "-var",
        metavar="NAME=VALUE",
        multiple=True,
        help="The value of a variable of a project file in HCL.",
    ),
    click.option(
        "--var-file",
        "-var-file",
        metavar="FILE",
        multiple=True,
        shell_complete=files,
        help="Values of variables of a project file in HCL, as in terraform.tfvars.",
    ),
)


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a command; it gets them, merged with those before its name, as `common`."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        context = click.get_current_context()
        given = {f.name: kwargs.pop(f.name, None) for f in fields(Common)}
        before = context.obj if isinstance(context.obj, Common) else Common()
        merged = replace(
            before,
            **{
                name: value
                for name, value in given.items()
                if value not in (None, ()) and (_typed(context, name) or getattr(before, name) in (None, ()))
            },
        )
        context.obj = merged
        logs.configure(merged.log_format or "text", color=merged.color, debug=bool(merged.debug))
        return function(*args, common=merged, **kwargs)

    update_wrapper(wrapper, function)
    decorated: Callable[..., Any] = wrapper
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _typed(context: click.Context, name: str) -> bool:
    """Tell whether an option stands on the command line: a variable must not undo one before the command."""
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def pass_on(context: click.Context) -> None:
    """Give a group's own options that stand before a subcommand's name to it, as ecspresso's parser (kong) does.

    What stands after the name counts before them. An option that the subcommand has not is left out.
    """
    shared = {field.name for field in fields(Common)}
    given = {n: value for n, value in context.params.items() if n not in shared and _typed(context, n)}
    context.default_map = {str(context.invoked_subcommand): given}


def _pairs(given: Iterable[str], option: str) -> dict[str, str]:
    """Read `K=V;K=V`, given once or several times."""
    pairs: dict[str, str] = {}
    for entry in given:
        for pair in filter(None, entry.split(";")):
            key, sign, value = pair.partition("=")
            if not sign or not key:
                raise click.BadParameter(f"{pair!r} is not of the form K=V", param_hint=option)
            pairs[key] = value
    return pairs


def _prefixed(entry: str) -> tuple[str, str]:
    """Read `PREFIX=FILE`, or a file that has no prefix (and may have a sign in its name)."""
    prefix, sign, path = entry.partition("=")
    return (prefix, path) if sign and not Path(entry).exists() else ("", entry)


def surroundings(common: Common) -> Surroundings:
    """Give what the evaluation of project files sees of the run."""
    from reconciler.api import projects

    return projects.surroundings(
        _envfiles(common),
        _pairs(common.ext_str or (), "--ext-str"),
        _pairs(common.ext_code or (), "--ext-code"),
        workspace=common.workspace,
    )


def _envfiles(common: Common) -> list[str]:
    return [name for entry in common.envfile or () for name in entry.split(",") if name]


def project(common: Common, found: Found | None = None) -> Project:
    """Read the project file that the options name, or one that was found, with what its evaluation sees of the run."""
    from reconciler.api import Project

    return Project.load(
        found or common.config,
        envfiles=_envfiles(common),
        ext_str=_pairs(common.ext_str or (), "--ext-str"),
        ext_code=_pairs(common.ext_code or (), "--ext-code"),
        workspace=common.workspace,
        planned=dict(_prefixed(entry) for entry in common.tf_plan or ()),
        variable_files=common.var_file or (),
        variables=common.var or (),
    )


@contextmanager
def opened(common: Common, *, show_sensitive: bool = False, aws: bool = True) -> Iterator[Reconciler]:
    """Open the project that the options name. With `aws`, botocore is imported beside reading the files."""
    if aws:
        from reconciler.aws.sessions import preload

        preload()
    from reconciler.api import Reconciler

    reconciler = Reconciler.open(
        project(common),
        profile=common.profile,
        region=common.region,
        assume_role_arn=common.assume_role_arn,
        show_sensitive=show_sensitive,
    )

    def hide(value: Any) -> Any:
        return reconciler.masker.value(
            value, ours=True
        )  # asked anew each time: it knows the secrets read so far

    logs.hiding(hide)
    with reconciler:
        yield reconciler


def filter_command(common: Common, reconciler: Reconciler) -> str:
    """Give the command that chooses: the option's, else the project file's; empty where there is none."""
    return common.filter_command or reconciler.settings.filter_command or ""


def colored(common: Common, stream: TextIO) -> bool:
    """Tell whether to colour a stream: as asked, else on a terminal without NO_COLOR (no-color.org)."""
    if common.color is not None:
        return common.color
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write(text: str) -> None:
    """Write a result to stdout."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()
