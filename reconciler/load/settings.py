"""The settings of a project file that are more than a text: each read from its key, with what is wrong at its place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from reconciler.core import appspecs
from reconciler.core.values import JsonObject
from reconciler.errors import ConfigError, Where
from reconciler.load import durations
from reconciler.load.calls import near
from reconciler.load.members import Caution, Members, members

EMULATES: Final = "2.8.7"
"""The ecspresso version whose project files are understood; `required_version` is checked against it."""
DEFAULT_TIMEOUT: Final = 600.0
_LONG: Final = (
    30 * 24 * 3600.0
)  # v2 read plain numbers as nanoseconds: such a number is hardly meant as seconds
_ACCOUNT: Final = re.compile(r"[0-9]{12}\Z")
_BUCKET: Final = re.compile(r"s3://[^/]")
_CODEDEPLOY_KEYS: Final = frozenset({"application_name", "deployment_group_name", "deployment_config_name"})
_APPSPEC_KEYS: Final = frozenset({"Hooks"})
_IGNORE_KEYS: Final = frozenset({"tags", "fields"})


def unused(project: Members) -> Iterator[Caution]:
    """Say what an Express Mode service has no use for: ECS makes its service and its task definition."""
    for name in ("service_definition", "task_definition"):
        if project.text(name):
            what = f"{name} is not used: express_definition describes the whole service"
            yield Caution(project.where(name), what, f"remove {name}, or express_definition")


def file(project: Members, name: str) -> Path | None:
    """Give the path of a definition, from the project's folder on."""
    text = project.text(name)
    return Path(_from_root(project, name, text)) if text else None


def _from_root(project: Members, name: str, text: str) -> str:
    """Give a path from the project's folder on: it may be another file that says it, from where that stands."""
    own, there = Path(project.resolved.path).parent, Path(project.where(name).path).parent
    return os.path.relpath(there / text, own) if own != there and not Path(text).is_absolute() else text


def record(project: Members) -> str | None:
    """Read where applies are recorded. ConfigError for a URL of anything but S3."""
    text = project.text("record")
    if text and "://" in text and not _BUCKET.match(text):
        what = f"record is a folder or s3://BUCKET/PREFIX, not {text!r}"
        raise ConfigError(what, project.where("record"))
    return _from_root(project, "record", text) if text and "://" not in text else text or None


def account(project: Members) -> str | None:
    """Read the number of the account that the project is for. ConfigError where it is none."""
    text = project.text("account")
    if text and not _ACCOUNT.match(text):
        hint = 'write it in quotes: "123456789012"'
        raise ConfigError(
            f"account is the number of an AWS account, 12 digits, not {text!r}",
            project.where("account"),
            hint,
        )
    return text or None


def timeout(project: Members) -> float:
    """Read `timeout`, in seconds. ConfigError where it is no duration."""
    value = project.get("timeout")
    if value is None:
        return DEFAULT_TIMEOUT
    where = project.where("timeout")
    if isinstance(value, bool) or not isinstance(value, int | float):
        value = project.text("timeout") or ""
    try:
        seconds = durations.limit(value)
    except ValueError as error:
        shown = "" if project.resolved.is_sensitive(project.path_of("timeout")) else f": {value!r}"
        what = f"timeout {error}{shown}"
        raise ConfigError(what, where, 'write one such as "10m", or 0 for no limit') from None
    if seconds > _LONG:
        hint = 'plain numbers are seconds; make the unit explicit: "30s"'
        project.cautions.append(Caution(where, "timeout is more than 30 days", hint))
    return seconds


def codedeploy(project: Members) -> appspecs.Settings:
    """Read what `codedeploy` and `appspec` say. ConfigError where a hook is none."""
    data = project.object("codedeploy") or {}
    entry = members(project.resolved, _CODEDEPLOY_KEYS, project.path_of("codedeploy"), data)
    project.cautions.extend(entry.cautions)
    return appspecs.Settings(
        application=entry.text("application_name") or "",
        group=entry.text("deployment_group_name") or "",
        configuration=entry.text("deployment_config_name") or "",
        hooks=_hooks(project),
        where=project.where("codedeploy") if data else project.where("appspec"),
    )


def _hooks(project: Members) -> tuple[JsonObject, ...]:
    data = project.object("appspec") or {}
    entry = members(project.resolved, _APPSPEC_KEYS, project.path_of("appspec"), data)
    project.cautions.extend(entry.cautions)
    found: list[JsonObject] = []
    for index, hook in enumerate(entry.items("Hooks")):
        where = entry.resolved.where((*entry.path_of("Hooks"), index))
        pairs = list(hook.items()) if isinstance(hook, Mapping) else []
        if len(pairs) != 1 or not isinstance(pairs[0][1], str):
            what = "a hook of the AppSpec is an event and the function that it calls"
            raise ConfigError(what, where, "write - BeforeAllowTraffic: NAME-OF-THE-FUNCTION")
        name, function = pairs[0]
        event = next((each for each in appspecs.HOOKED if each.lower() == str(name).lower()), None)
        if event is None:
            what = f"an AppSpec for ECS has no hook {name}; it has {', '.join(appspecs.HOOKED)}"
            raise ConfigError(what, where, near(str(name), appspecs.HOOKED))
        found.append({event: function})
    return tuple(found)


def ignored(project: Members) -> tuple[tuple[str, ...], tuple[tuple[str, Where], ...]]:
    """Give the tag keys, and the fields, that are left alone.

    They stand in the peer's `{tags: […]}`, ours with `fields`, or in a list of fields.
    """
    data = project.get("ignore")
    if data is None:
        return (), ()
    if not isinstance(data, Mapping):
        return (), placed(project, "ignore")
    entry = members(project.resolved, _IGNORE_KEYS, project.path_of("ignore"), data)
    project.cautions.extend(entry.cautions)
    return entry.texts("tags"), placed(entry, "fields")


def placed(entry: Members, name: str) -> tuple[tuple[str, Where], ...]:
    """Give the texts of a list, each with its place."""
    path = entry.path_of(name)
    return tuple((text, entry.resolved.where((*path, i))) for i, text in enumerate(entry.texts(name)))


def required(project: Members, *, emulates: bool) -> str | None:
    """Read `required_version`. ConfigError where it leaves out what is emulated, by our own names a caution."""
    constraints = project.text("required_version")
    if not constraints:
        return None
    where = project.where("required_version")
    from reconciler.load import versions

    try:
        fits = versions.satisfies(versions.parse(EMULATES), constraints)
    except ValueError as error:
        raise ConfigError(f"required_version: {error}", where, 'write one such as ">= 2.0.0, < 3"') from None
    if not fits:
        what = f"required_version leaves out ecspresso {EMULATES}, which is what is emulated here"
        if emulates:
            raise ConfigError(what, where)
        project.cautions.append(Caution(where, what))
    return constraints


def filtered(project: Members) -> str | None:
    """Read `filter_command`, with a caution: it is deprecated."""
    command = project.text("filter_command")
    if command:
        hint = "set ECSPRESSO_FILTER_COMMAND or pass --filter-command"
        project.cautions.append(
            Caution(project.where("filter_command"), "filter_command is deprecated", hint)
        )
    return command or None
