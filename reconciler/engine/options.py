"""How a plan is made. Apart from `planning`, which is imported while the first reads are under way."""

from __future__ import annotations

from dataclasses import field

from reconciler.core.appspecs import Settings
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """What to make of the service's scalable target; what is None stays.

    `suspend` stops (or, False, resumes) all its activities; the limits are numbers of tasks.
    """

    suspend: bool | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a plan is made: the flags of `plan`, `apply` and `deploy`.

    `revision` runs a registered revision (its number, or ``latest``) in place of the file's task definition.
    `may_replace` allows what no update can change to be deleted and created anew. `ignore_tags` and `ignore` are the
    project file's: tag keys, and pointers (see `ignoring`), that are left to others; `keep` are such pointers for this
    plan alone. `rollback_events` and
    `codedeploy` are for CodeDeploy, and no other deployment controller knows them. Without `service` the plan is about
    the task definition alone, compared with the newest revision, as in a project that names no service. `refresh` asks
    AWS for what earlier runs remember.
    """

    service: bool = True
    skip_task_definition: bool = False
    revision: str = ""
    update_service: bool = True
    force_new_deployment: bool = False
    force_register: bool = False
    desired_count: int | None = None
    may_replace: bool = False
    ignore_tags: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    scaling: Scaling | None = None
    rollback_events: tuple[str, ...] = ()
    codedeploy: Settings = field(default_factory=Settings)
    refresh: bool = False
