"""A container: its image, secrets, files and logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import JsonObject, Path
from reconciler.core.verification import files, images, logs, secrets
from reconciler.core.verification.checks import Check
from reconciler.core.verification.scenes import EXPRESS, Scene
from reconciler.core.verification.secrets import Wanted


def wanted(container: JsonObject, document: str, path: Path) -> Iterator[Wanted]:
    """Give the secrets that a container, its log driver and its registry need."""
    for index, item in enumerate(objects(container.get("secrets"))):
        place = (*path, "secrets", index, "valueFrom")
        yield Wanted(f"secret {item.get('name')}", item.get("valueFrom"), document, place)
    yield from logs.secret_options(container.get("logConfiguration"), document, (*path, "logConfiguration"))
    reference = at(container, "repositoryCredentials", "credentialsParameter")
    if reference:  # developer guide, "Using non-AWS container images": a secret with these two keys
        place = (*path, "repositoryCredentials", "credentialsParameter")
        yield Wanted("credentials of the registry", reference, document, place, ("username", "password"))


def check(scene: Scene, container: JsonObject, path: Path, given: Iterable[Check]) -> Check:
    """Make the check of a container; `given` are the checks of its secrets."""
    name, document = str(container.get("name")), scene.task_document
    below: list[Check | None] = [
        images.check(scene, container, document, path),
        *given,
        *files.checks(container, document, path),
        logs.check(scene, container.get("logConfiguration"), name, document, (*path, "logConfiguration")),
    ]
    found = tuple(each for each in below if each is not None)
    return Check(subject=f"container {name}", document=document, path=path, children=found)


def express(scene: Scene, container: JsonObject, given: Iterable[Check]) -> Check:
    """Make the check of the one container that an Express Mode service describes."""
    path: Path = ("primaryContainer",)
    below: list[Check | None] = [images.check(scene, container, EXPRESS, path), *given]
    group, prefix = (at(container, "awsLogsConfiguration", name) for name in ("logGroup", "logStreamPrefix"))
    if isinstance(group, str) and group:
        place = (*path, "awsLogsConfiguration", "logGroup")
        below.append(logs.of_group(scene, group, str(prefix or "ecs"), EXPRESS, place, made=False))
    found = tuple(each for each in below if each is not None)
    return Check(subject="container", document=EXPRESS, path=path, children=found)


def all_secrets(scene: Scene) -> dict[int, tuple[Wanted, ...]]:
    """Give the secrets of each container by its place in the list."""
    return {
        index: tuple(wanted(container, scene.task_document, ("containerDefinitions", index)))
        for index, container in enumerate(objects(scene.task.get("containerDefinitions")))
    }


def uses_role(scene: Scene, secrets_wanted: Iterable[secrets.Wanted]) -> bool:
    """Tell whether anything is read or written as the execution role."""
    return (scene.get_secrets and any(True for _ in secrets_wanted)) or scene.put_logs
