"""The tree of checks that a scene asks for: the task definition, the service, or an Express Mode service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.kinds.combinations import Case, revisions
from reconciler.core.kinds.combinations.cases import objects
from reconciler.core.verification import (
    balancers,
    clusters,
    containers,
    hooks,
    namespaces,
    networks,
    quotas,
    roles,
    secrets,
    volumes,
)
from reconciler.core.verification.checks import Check, State, Verdict, failed, passed, settled
from reconciler.core.verification.scenes import EXPRESS, SERVICE, TASK_DEFINITION, Scene


def definition(document: str, verdicts: Sequence[Verdict]) -> Check:
    """Make the check of a definition by itself, of which everything is known already; the worst is said first."""
    ordered = sorted(verdicts, key=lambda verdict: verdict.state is not State.FAILED)
    if all(verdict.state is State.SKIPPED for verdict in ordered):
        ordered = [passed(), *ordered]
    judge = settled(ordered)
    return Check(subject="definition", document=document, judge=judge)


def task_definition(scene: Scene, known: Sequence[Verdict] = ()) -> Check:
    """Make the tree of a task definition; `known` is what is known of the definition by itself."""
    document = scene.task_document
    wanted = containers.all_secrets(scene)
    mounting = tuple(volumes.credentials(scene))
    everything = [each for part in wanted.values() for each in part] + list(mounting)
    made = iter(secrets.checks(scene, everything))
    below: list[Check | None] = [
        definition(document, [*known, *quotas.fixed(scene, TASK_DEFINITION)]),
        *_roles(
            scene, scene.task.get("executionRoleArn"), scene.task.get("taskRoleArn"), document, everything
        ),
    ]
    for index, container in enumerate(objects(scene.task.get("containerDefinitions"))):
        given = [next(made) for _ in wanted[index]]
        below.append(containers.check(scene, container, ("containerDefinitions", index), given))
    below += [*volumes.checks(scene), *made]
    name = str(scene.task.get("family") or "")
    runs = "" if document else f":{scene.task.get('revision')} as it runs"
    return _node(f"task definition {name}{runs}".rstrip(), document, below)


def service(scene: Scene, name: str, known: Sequence[Verdict] = ()) -> Check:
    """Make the tree of a service."""
    below: list[Check | None] = [
        definition(SERVICE, [*known, *quotas.fixed(scene, SERVICE), *_state(scene)]),
        *clusters.checks(scene),
        roles.check(scene, "role", scene.service.get("role"), roles.SERVICES, SERVICE, ("role",)),
        *networks.checks(scene),
        *balancers.checks(scene),
        *namespaces.checks(scene),
        *volumes.of_service(scene),
        *hooks.checks(scene),
        *quotas.checks(scene),
    ]
    return _node(f"service {name}", SERVICE, below)


def express(scene: Scene, name: str, known: Sequence[Verdict] = ()) -> Check:
    """Make the tree of an Express Mode service."""
    body = scene.express
    container = body.get("primaryContainer")
    own = container if isinstance(container, dict) else {}
    wanted = tuple(containers.wanted(own, EXPRESS, ("primaryContainer",)))
    given = secrets.checks(scene, wanted)
    infrastructure = body.get("infrastructureRoleArn")
    below: list[Check | None] = [
        definition(EXPRESS, [*known, *_sizes(scene)]),
        *_roles(scene, body.get("executionRoleArn"), body.get("taskRoleArn"), EXPRESS, wanted),
        roles.check(
            scene, "infrastructure role", infrastructure, roles.SERVICES, EXPRESS, ("infrastructureRoleArn",)
        ),
        *clusters.checks(scene),
        *([containers.express(scene, own, given)] if own else []),
        *networks.checks(scene),
    ]
    return _node(f"Express Mode service {name}".rstrip(), EXPRESS, below)


def alone(scene: Scene) -> Iterator[Check]:
    """Make the checks of what surrounds a task definition without a service."""
    yield from clusters.checks(scene)


def _roles(
    scene: Scene, execution: object, task: object, document: str, wanted: Sequence[secrets.Wanted]
) -> Iterator[Check | None]:
    reading = secrets.role_check(scene, needed=containers.uses_role(scene, wanted))
    more = (reading,) if reading is not None else ()
    role = execution if isinstance(execution, str) else None
    yield roles.check(scene, "execution role", role, roles.TASKS, document, ("executionRoleArn",), *more)
    role = task if isinstance(task, str) else None
    yield roles.check(scene, "task role", role, roles.TASKS, document, ("taskRoleArn",))


def _sizes(scene: Scene) -> Iterator[Verdict]:
    """Judge the size of an Express Mode service's tasks, which run on Fargate, by the rules of task definitions."""
    given = {"cpu": "1024", "memory": "2048"} | {
        n: scene.express[n] for n in ("cpu", "memory") if n in scene.express
    }
    task = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", **given}
    for row in revisions.ROWS:
        if {"cpu", "memory"} & set(row.members):
            for clash in row.found(Case(file=task, task=task)):
                what = row.what.format(*clash.names) if clash.names else row.what
                yield failed(what, row.hint.format(*clash.names) if clash.names else row.hint, clash.path)


def _state(scene: Scene) -> Iterator[Verdict]:
    if scene.live.get("status") == "DRAINING":
        yield failed("the service is being deleted (DRAINING)", "wait until it is INACTIVE")


def _node(subject: str, document: str, below: Sequence[Check | None]) -> Check:
    found = tuple(each for each in below if each is not None)
    return Check(subject=subject, document=document, children=found)
