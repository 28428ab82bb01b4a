"""The cluster and its capacity: it is ACTIVE, and has the capacity providers, or instances, that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.core.kinds.combinations.cases import objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Verdict,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Answer, Call, Found, Missing, call
from reconciler.core.verification.scenes import EXPRESS, PROJECT, SERVICE, Scene

_FARGATE: Final = ("FARGATE", "FARGATE_SPOT")


def read(scene: Scene) -> Call:
    """Give the call that describes the cluster."""
    return call("ecs", "DescribeClusters", clusters=[scene.cluster])


def body(answers: Answers, scene: Scene) -> JsonObject:
    """Give the cluster, empty where it is not there or may not be read."""
    answer = answers[read(scene)]
    found = objects(answer.body.get("clusters")) if isinstance(answer, Found) else []
    return found[0] if found else {}


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of the cluster, and of the capacity that the service asks for."""
    made = bool(scene.express) and scene.cluster == "default"  # API reference, CreateExpressGatewayService
    place = (EXPRESS if "cluster" in scene.express else PROJECT, ("cluster",))

    def judge(answers: Answers) -> Judged:
        answer = answers[read(scene)]
        if not isinstance(answer, Found | Missing):
            return [unknown(answer, f"cluster {scene.cluster}")]
        found = body(answers, scene)
        if not found:
            if made:
                return [passed("not there yet; ECS makes it")]
            where = f" in {scene.region}" if scene.region else ""
            hint = "check `cluster` and `region` of the project, and the account"
            return [failed(f"there is no cluster {scene.cluster}{where}", hint)]
        status = found.get("status")
        if status != "ACTIVE":
            return [failed(f"the cluster is {status}", "name another one")]
        return [passed()]

    yield Check(
        subject=f"cluster {scene.cluster}",
        document=place[0],
        path=place[1],
        reads=(read(scene),),
        judge=judge,
    )
    if scene.service and scene.case.controller != "EXTERNAL":
        yield _capacity(scene)


def _capacity(scene: Scene) -> Check:
    strategy = scene.case.items("capacityProviderStrategy")
    names = tuple(dict.fromkeys(str(item.get("capacityProvider")) for item in strategy))
    own = tuple(name for name in names if name not in _FARGATE)
    launch = scene.case.at("launchType")
    path: Path = ("capacityProviderStrategy",) if names else ("launchType",) if launch else ()
    reads: list[Call] = [read(scene)]
    described = call("ecs", "DescribeCapacityProviders", capacityProviders=list(own))
    if own:
        reads.append(described)
    subject = (
        f"capacity providers {', '.join(names)}" if names else f"launch type {launch or 'of the cluster'}"
    )

    def judge(answers: Answers) -> Judged:
        answer, cluster = answers[read(scene)], body(answers, scene)
        if not isinstance(answer, Found | Missing):
            return [unknown(answer, "cluster")]
        if not cluster:
            return [skipped("the cluster is not there")]
        verdicts = list(_associated(cluster, names, path))
        if own and not verdicts:
            verdicts += _states(answers[described])
        if not names:
            verdicts += _instances(scene, cluster, launch)
        return verdicts or [passed()]

    return Check(subject=subject, document=SERVICE, path=path, reads=tuple(reads), judge=judge)


def _states(answer: Answer) -> list[Verdict]:
    if not isinstance(answer, Found):
        return [passed(), unknown(answer, "capacity provider", part="their state")]
    return [
        failed(f"the capacity provider {each.get('name')} is {each.get('status')}", "name another one")
        for each in objects(answer.body.get("capacityProviders"))
        if each.get("status") not in (None, "ACTIVE")
    ]


def _associated(cluster: JsonObject, names: tuple[str, ...], path: Path) -> Iterator[Verdict]:
    held = cluster.get("capacityProviders")
    there = [str(each) for each in held] if isinstance(held, list | tuple) else []
    for index, name in enumerate(names):
        if name not in there:
            has = ", ".join(there) or "none"
            yield failed(
                f"the cluster has no capacity provider {name} (it has {has})",
                f"associate it: aws ecs put-cluster-capacity-providers --cluster {cluster.get('clusterName')}",
                (*path, index, "capacityProvider"),
            )


def _instances(scene: Scene, cluster: JsonObject, launch: Json) -> Iterator[Verdict]:
    """Judge whether there are instances, where tasks go to the cluster's own: launch type EC2, or no choice at all."""
    if launch not in (None, "EC2") or (launch is None and cluster.get("defaultCapacityProviderStrategy")):
        return
    count = cluster.get("registeredContainerInstancesCount")
    if count == 0 and scene.case.at("desiredCount") != 0:
        what = "no container instance is registered in the cluster, and the tasks of launch type EC2 need one"
        yield warned(what, "register instances, or set launchType FARGATE or a capacityProviderStrategy")
