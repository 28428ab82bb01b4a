"""The project file: finding it, its plugins before anything else, and its settings once it is evaluated.

`ecspresso.yml` and its kin mean here what they mean to ecspresso 2; `reconciler.yml` has the same keys. The
file is evaluated twice, because the functions that it may use come from the plugins that it names: `outline`
first, then, with the plugins open, `evaluate.resolve` and `settle`.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from reconciler.core import appspecs
from reconciler.core.documents import Resolved
from reconciler.core.references import PluginUse
from reconciler.core.stamps import Stamp
from reconciler.core.values import Json
from reconciler.core.values import Path as JsonPath
from reconciler.errors import ConfigError, Where
from reconciler.load import (
    evaluate,
    gotemplates,
    jsons,
    outlines,
    provenance,
    services,
    settings,
    severities,
    sources,
    stamps,
)
from reconciler.load.calls import Texts
from reconciler.load.members import Caution, Members, members
from reconciler.load.sources import Document, Options
from reconciler.load.spans import Malformed
from reconciler.records import dataclass

NAMES: Final = (
    *(f"reconciler.{suffix}" for suffix in ("yml", "yaml", "json", "jsonnet", "hcl")),
    *(f"ecspresso.{suffix}" for suffix in ("yml", "yaml", "json", "jsonnet")),
)
DEFAULT_CLUSTER: Final = "default"

_KEYS: Final = frozenset({
    "required_version", "region", "cluster", "service", "service_definition", "task_definition",
    "express_definition", "timeout", "plugins", "appspec", "codedeploy", "filter_command", "ignore", "terraform",
    "record", "depends_on", "severity", "services", "profile", "assume_role_arn", "account",
    "stamp",
})  # fmt: skip
_OPENING: Final = ("plugins", "terraform")
"""The keys that say which resolvers to open."""
_CREDENTIALS: Final = ("profile", "assume_role_arn")
DEFINITIONS: Final = ("service_definition", "task_definition", "express_definition")
_OUTLINED: Final = frozenset({*_OPENING, *_CREDENTIALS, *DEFINITIONS, "region", services.KEY})
"""The keys that are wanted in a first pass."""
_PLUGIN_KEYS: Final = frozenset({"name", "config", "func_prefix"})


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of a project file.

    Paths of definitions are relative to `root`. `region` is None where the file names none. `timeout` is in
    seconds, 0 for no limit. `ignore_tags` are tag keys left alone, `ignore` pointers to fields, each with its place.
    `record` is the folder or ``s3://`` URL where applies are recorded, `stamp` the tags to set. `depends_on` names
    other projects, each with its place: an entry of the same file, or a path from that file. `severity` says
    how much differences matter. `profile` and `assume_role_arn` are whose credentials it is
    about, and `account` is the only one in which it is planned. `shared` are the definitions that another file names,
    whose settings are shared. `resolved` keeps the provenance of every key.
    """

    path: Path
    root: Path
    emulates_ecspresso: bool
    resolved: Resolved
    region: str | None = None
    cluster: str = DEFAULT_CLUSTER
    service: str | None = None
    service_definition: Path | None = None
    task_definition: Path | None = None
    express_definition: Path | None = None
    timeout: float = settings.DEFAULT_TIMEOUT
    plugins: tuple[PluginUse, ...] = ()
    codedeploy: appspecs.Settings = field(default_factory=appspecs.Settings)
    ignore_tags: tuple[str, ...] = ()
    ignore: tuple[tuple[str, Where], ...] = ()
    required_version: str | None = None
    filter_command: str | None = None
    record: str | None = None
    stamp: Stamp | None = None
    profile: str | None = None
    assume_role_arn: str | None = None
    account: str | None = None
    depends_on: tuple[tuple[str, Where], ...] = ()
    severity: tuple[severities.Weighed, ...] = ()
    warnings: tuple[Caution, ...] = field(default=())
    shared: frozenset[Path] = frozenset()

    def file(self, path: Path) -> Path:
        """Give a definition's path as the working folder sees it."""
        whole = self.root / path
        # What a file further up says is told as it stands there, without a way down and up again.
        return Path(os.path.normpath(whole)) if path in self.shared else whole

    @property
    def definitions(self) -> tuple[Path, ...]:
        """Give the paths of the definitions that the project has."""
        paths = (self.task_definition, self.service_definition, self.express_definition)
        return tuple(path for path in paths if path is not None)


def find(explicit: str | None, folder: Path) -> Path:
    """Give the project file: the named one, else the first of `NAMES` in a folder. ConfigError without one."""
    if explicit is not None:
        return folder / explicit
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    what = f"there is no project file here; looked for {', '.join(NAMES)}"
    raise ConfigError(what, Where(str(folder)), "change to its folder, or name it with --config")


def read(path: Path) -> Document:
    """Read a project file. Unlike a definition, `.json` goes through Jsonnet, as with the peer."""
    document = sources.read(path)
    formats: Mapping[sources.Format, sources.Format] = {"json": "jsonnet", "hcl": "hcl-project"}
    return dataclasses.replace(document, format=formats.get(document.format, document.format))


def is_one(text: str) -> bool:
    """Tell whether a text in JSON, or in Jsonnet, may be a project file: it has one of its keys."""
    try:
        data = json.loads(text)
    except ValueError:
        return bool(text.strip())
    return isinstance(data, dict) and any(key.casefold() in _KEYS for key in data)


def with_declarations(
    document: Document, options: Options, files: Sequence[Path] = (), settings: Sequence[str] = ()
) -> Options:
    """Let definitions share what a project file in HCL declares, and read what is given for its variables.

    `files` hold values, `settings` are texts `NAME=VALUE`. ConfigError where one cannot be read, and where there is one
    for another project file: these declare nothing.
    """
    if document.format != "hcl-project":
        if files or settings:
            what = "variables are declared in a project file in HCL, and this is none"
            raise ConfigError(what, Where(str(document.path)), "use variables of the environment and env")
        return options
    from reconciler.load import hcls

    given = hcls.given(document.path.parent, options.environ, files, settings)
    return dataclasses.replace(options, declared=document, given=given)


def with_states(document: Document, options: Options, uses: Sequence[PluginUse]) -> Options:
    """Let expressions know which Terraform states the project names."""
    states = tuple(use for use in uses if use.name.lower() == "tfstate")
    return dataclasses.replace(options, states=sources.States(document.path.parent, states))


def with_unused(project: Project, options: Options) -> Project:
    """Warn of values in files that no variable of the project asks for, whichever of its files would declare it.

    ConfigError where an option is for a variable that does not exist.
    """
    if options.declared is None or not any(each.strict or each.text is None for each in options.given):
        return project
    from reconciler.load import hcls

    try:
        definitions = [
            sources.read(project.file(path)) for path in project.definitions if path.suffix.lower() == ".hcl"
        ]
    except ConfigError:
        return (
            project  # whoever needs the file will say what is wrong with it, and it may be what declares them
        )
    cautions = [
        Caution(each.where, f"there is no variable {each.name}", near or f'write variable "{each.name}" {{}}')
        for each, near in hcls.unused([options.declared, *definitions], options)
    ]
    return dataclasses.replace(project, warnings=(*project.warnings, *cautions))


def outline(document: Document, options: Options) -> tuple[PluginUse, ...]:
    """Give the plugins that a project file names; see `uses` and `outlined`."""
    return uses(outlined(document, options))


def uses(resolved: Resolved) -> tuple[PluginUse, ...]:
    """Give the plugins that an outline names. ConfigError where `plugins` itself calls what only a plugin offers."""
    data = resolved.data
    if isinstance(data, Mapping):
        data = {key: member for key, member in data.items() if key.casefold() in _OPENING}
    return _plugins(members(resolved, _KEYS, data=data))


def said(resolved: Resolved, name: str) -> str:
    """Give a text that an outline says outright; empty where it says none, and where that has to be looked up."""
    data = resolved.data if isinstance(resolved.data, Mapping) else {}
    key = next((key for key in data if key.casefold() == name), name)
    value = data.get(key)
    return value if isinstance(value, str) and not _waits(resolved, (key,)) else ""


def _waits(resolved: Resolved, path: JsonPath) -> bool:
    """Tell whether a value calls a function that an outline could not answer: its address has no path then."""
    return any(not origin.address.path for origin in resolved.origins_of(path))


def several(document: Document, options: Options) -> services.Services | None:
    """Give the outline of a project file with `services`, taken apart; None for one without. ConfigError."""
    return services.apart(outlined(document, options))


def outlined(document: Document, options: Options) -> Resolved:
    """Evaluate what opens a project file, before any function but `env` and `must_env` is known. ConfigError."""
    calls = outlines.Permissive(options.environ)
    if document.format == "hcl-project":
        from reconciler.load import hcls

        resolved = hcls.evaluate(document, calls, options, members=_OUTLINED)
        assert resolved is not None, "what is not known yet is not needed in a first pass"
        return resolved
    if document.format != "jsonnet":
        rendered = gotemplates.render(document.text, str(document.path), Texts(calls))
        return provenance.resolved(rendered, evaluate.parse(document, rendered, calls))

    def reply(name: str, arguments: tuple[Json, ...]) -> Json:
        texts = [argument for argument in arguments if isinstance(argument, str)]
        if name == "env":
            return outlines.env(texts, options.environ)
        return outlines.must_env("".join(texts), options.environ, Where(str(document.path)))

    # Jsonnet is lazy: asked for the plugins alone, it calls nothing that other keys call.
    from reconciler.load import jsonnets

    natives = jsonnets.Natives(outlines.NATIVES, reply)
    try:
        try:
            text = jsonnets.evaluate(document, natives, options, members=_jsonnet(_OUTLINED))
        except jsonnets.NoFunction:
            text = jsonnets.evaluate(document, natives, options, members=_jsonnet(_OPENING))
    except jsonnets.NoFunction as error:
        what = "plugins calls a function that only a plugin can offer: a circle"
        raise ConfigError(what, error.where, "use env or must_env there") from None
    rendered = evaluate.render_result(document, text, calls)
    try:
        return provenance.resolved(rendered, jsons.parse(rendered.text), placed=False)
    except Malformed as error:
        raise evaluate.unplaced(provenance.explain(error, rendered), document) from None


def _jsonnet(names: Collection[str]) -> str:
    """Write what takes members out of a project `c`, and of each of its services, in Jsonnet."""
    listed = ", ".join(f"'{name}'" for name in sorted(names))
    key = services.KEY
    return (
        f"local of(c) = if !std.isObject(c) then c else "
        f"{{[k]: c[k] for k in [{listed}] if k != '{key}' && std.objectHas(c, k)}}; "
        f"if !std.isObject(c) then {{}} else if !std.objectHas(c, '{key}') then of(c) else of(c) + "
        f"{{{key}: if std.isObject(c.{key}) then std.mapWithKey(function(k, v) of(v), c.{key}) else c.{key}}}"
    )


def _plugins(project: Members) -> tuple[PluginUse, ...]:
    path = project.path_of("plugins")
    opening = [project.path_of(name) for name in _OPENING]
    for inner, origins in project.resolved.origins.items():
        # Only what an outline could not answer has an address without a path.
        unknown = sorted(origin.address.resolver for origin in origins if not origin.address.path)
        if unknown and any(inner[: len(each)] == each for each in opening):
            what = f"{inner[0]} calls {unknown[0]}, a function that only a plugin can offer: a circle"
            raise ConfigError(what, project.resolved.where(inner), "use env or must_env there")
    uses: list[PluginUse] = []
    own = Path(project.resolved.path).parent

    def root(where: Where) -> Path | None:
        """Give the folder of the file that names a plugin, where that is not the project's own."""
        return there if (there := Path(where.path).parent) != own else None

    if folder := project.text("terraform"):
        where = project.where("terraform")
        uses.append(PluginUse("tfstate", {"dir": folder}, where=where, root=root(where)))
    for index, item in enumerate(project.items("plugins")):
        entry = members(project.resolved, _PLUGIN_KEYS, (*path, index), item)
        name = entry.text("name")
        where = project.resolved.where(entry.path)
        if not name:
            raise ConfigError("a plugin without a name", where, "write name: tfstate")
        config, prefix = entry.object("config") or {}, entry.text("func_prefix") or ""
        uses.append(PluginUse(name, config, prefix, where, root(where)))
        project.cautions.extend(entry.cautions)
    return tuple(uses)


def settle(resolved: Resolved) -> Project:
    """Read the settings out of an evaluated project file. ConfigError where one is not what it has to be."""
    path = Path(resolved.path)
    project = members(resolved, _KEYS, data=resolved.data)
    if project.get(services.KEY) is not None:
        what = "this is about one project, and the file holds several services"
        raise ConfigError(what, project.where(services.KEY), f"choose one: --config {path}#NAME")
    emulates = path.stem != "reconciler"
    express = settings.file(project, "express_definition")
    if express is not None:
        project.cautions.extend(settings.unused(project))
    ignored = settings.ignored(project)
    settled = Project(
        path=path,
        root=path.parent,
        emulates_ecspresso=emulates,
        resolved=resolved,
        region=project.text("region") or None,
        cluster=project.text("cluster") or DEFAULT_CLUSTER,
        service=project.text("service") or None,
        service_definition=None if express else settings.file(project, "service_definition"),
        task_definition=None if express else settings.file(project, "task_definition"),
        express_definition=express,
        timeout=settings.timeout(project),
        plugins=_plugins(project),
        codedeploy=settings.codedeploy(project),
        ignore_tags=ignored[0],
        ignore=ignored[1],
        required_version=settings.required(project, emulates=emulates),
        filter_command=settings.filtered(project),
        record=settings.record(project),
        stamp=stamps.read(project),
        profile=project.text("profile") or None,
        assume_role_arn=project.text("assume_role_arn") or None,
        account=settings.account(project),
        depends_on=settings.placed(project, "depends_on"),
        severity=severities.read(project),
    )
    shared = frozenset(
        path
        for name, path in zip(
            DEFINITIONS, (settled.service_definition, settled.task_definition, express), strict=True
        )
        if path is not None and Path(project.where(name).path).parent != settled.root
    )
    return dataclasses.replace(settled, warnings=tuple(dict.fromkeys(project.cautions)), shared=shared)
