"""What the files of a project ask for, as far as the options of a plan want it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.api.evaluations import Definitions
from reconciler.core import pointers
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kind, Kinds
from reconciler.core.values import JsonObject
from reconciler.engine import composing, ignoring
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.errors import ConfigError
from reconciler.load.project import Project as Settings


def ignored(settings: Settings, kinds: Kinds) -> tuple[str, ...]:
    """Give the pointers that `ignore` holds, as the API spells them. ConfigError names the one that points nowhere."""
    found: list[str] = []
    known = kinds_of(settings, kinds)
    for pointer, where in settings.ignore:
        try:
            found.append(pointers.text(ignoring.parse(pointer, known)))
        except ValueError as error:
            hint = "write one such as /desiredCount, or /containerDefinitions/*/environment/BUILD_ID"
            raise ConfigError(f"ignore: {error}", where, hint) from None
    return tuple(found)


def kinds_of(settings: Settings, kinds: Kinds) -> tuple[Kind, ...]:
    """Give the kinds of thing that a project has definitions of."""
    if settings.express_definition is not None:
        return (kinds.express_service,)
    return kinds.task_definition, kinds.service


def task_definition(settings: Settings, files: Definitions, kinds: Kinds, *, strict: bool) -> Desired | None:
    """Compose the task definition; None where the project or the plan has none. ConfigError as `composing.compose`."""
    if files.task_definition is None:
        return None
    desired = composing.compose(kinds.task_definition, files.task_definition, strict=strict)
    return composing.without_tags(desired, settings.ignore_tags)


def express_service(
    settings: Settings, files: Definitions, kinds: Kinds, options: Options, *, strict: bool
) -> Desired | None:
    """Compose the Express Mode service; None where the project or the plan has none. ConfigError as above.

    Of one whose definition is to be left alone nothing is compared.
    """
    if settings.express_definition is None or not options.service:
        return None
    kind = kinds.express_service
    if not settings.service:
        where = settings.resolved.where(("express_definition",))
        raise ConfigError("`express_definition` is named, and no service", where, "add `service: NAME`")
    if not options.update_service:
        return composing.only(composing.compose(kind, replace(settings.resolved, data={})), ())
    resolved = files.express_service
    assert resolved is not None
    # Cluster and service are the project file's to name.
    desired = composing.compose(
        kind, resolved, without=("cluster", "serviceName", "serviceArn"), strict=strict
    )
    return composing.without_tags(desired, settings.ignore_tags)


def service(
    settings: Settings,
    files: Definitions,
    kinds: Kinds,
    options: Options,
    *,
    strict: bool,
    live: JsonObject | None = None,
) -> Desired | None:
    """Compose the service, as far as the options want it; None where there is nothing to do about one.

    Without a file it is what the options ask for. What kind of service that is asked of (a daemon's number of tasks is
    nobody's to set) is then said by the live one, once it is known.
    """
    if not settings.service or not options.service or settings.express_definition is not None:
        return None
    if not options.update_service and not _changes_revision(options):
        return None
    if files.service is None and settings.task_definition is None:
        where = settings.resolved.where(("service",))
        what = "`service` is named, and neither `service_definition` nor `task_definition` is"
        raise ConfigError(what, where, "name their files")
    # Cluster and service are the project file's to name, and the revision is the plan's own.
    without = ["cluster", "clusterArn", "serviceName", "serviceArn"]
    if settings.task_definition is not None:
        without.append("taskDefinition")
    instead = {} if options.desired_count is None else {"desiredCount": options.desired_count}
    desired = composing.compose(
        kinds.service,
        files.service or Resolved(settings.resolved.path, _facts(kinds, live or {})),
        without=without,
        instead=instead,
        strict=strict,
    )
    if not options.update_service:
        desired = composing.only(desired, instead)
    return composing.without_tags(desired, settings.ignore_tags)


def _facts(kinds: Kinds, live: JsonObject) -> JsonObject:
    """Give the members of a live service that decide what others mean."""
    return {name: live[name] for name in kinds.service.facts if name in live}


def _changes_revision(options: Options) -> bool:
    """Tell whether a service has to be updated although its own definition is not to be."""
    return (
        not options.skip_task_definition
        or bool(options.revision)
        or options.force_new_deployment
        or (options.desired_count is not None)
        or options.scaling is not None
    )


def need_service(settings: Settings, observed: Observed) -> JsonObject:
    """Give the live service, where no file describes what to create. ConfigError where it is not there."""
    live = observed.service
    if isinstance(live, Snapshot) and live.body.get("status") != "INACTIVE":
        return live.body
    what, where = f"there is no service {settings.service} in {settings.cluster}", ("service",)
    if settings.service_definition is not None:  # there is a file, and the options leave it alone
        raise ConfigError(what, settings.resolved.where(where), "create it with `reconciler deploy`")
    raise ConfigError(
        f"{what}, and no file to create it from",
        settings.resolved.where(where),
        "add `service_definition: FILE`",
    )
