"""Service Connect's namespace and what its services need, and the registries of service discovery."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import arns, clusters, logs, lookups, roles, volumes
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Verdict,
    failed,
    passed,
    settled,
    skipped,
    unknown,
)
from reconciler.core.verification.reads import Found, call
from reconciler.core.verification.scenes import SERVICE, Scene

_HOME = "serviceConnectConfiguration"


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of a service's Service Connect and service discovery."""
    connect = scene.service.get(_HOME)
    if isinstance(connect, dict) and connect.get("enabled") is not False and connect:
        yield _namespace(scene, connect.get("namespace"))
        for index, item in enumerate(objects(connect.get("services"))):
            yield from _tls(scene, item.get("tls"), (_HOME, "services", index, "tls"))
        found = logs.check(
            scene, connect.get("logConfiguration"), "service-connect", SERVICE, (_HOME, "logConfiguration")
        )
        if found is not None:
            yield found
    for index, item in enumerate(objects(scene.service.get("serviceRegistries"))):
        yield _registry(scene, item, ("serviceRegistries", index))


def _namespace(scene: Scene, name: Json) -> Check:
    path: Path = (_HOME, "namespace") if name else (_HOME,)
    if not name:
        return Check(
            subject="Service Connect namespace of the cluster",
            document=SERVICE,
            path=path,
            reads=(clusters.read(scene),),
            judge=lambda answers: _default(answers, scene),
        )
    subject = f"Service Connect namespace {arns.short(name)}"
    arn = arns.parse(name)
    if arn is not None:
        read = call(
            "servicediscovery", "GetNamespace", region=arns.region_of(name, scene.region), Id=arns.short(name)
        )
        return lookups.simple(subject, read, SERVICE, path)
    only: Json = [{"Name": "NAME", "Values": [name], "Condition": "EQ"}]
    listed = call("servicediscovery", "ListNamespaces", member="Namespaces", Filters=only)

    def judge(answers: Answers) -> Judged:
        answer = answers[listed]
        if not isinstance(answer, Found):
            return [unknown(answer, f"namespace {name}")]
        if any(each.get("Name") == name for each in objects(answer.body.get("Namespaces"))):
            return [passed()]
        return [failed(f"there is no namespace {name} in Cloud Map", "create it, or correct its name")]

    return Check(subject=subject, document=SERVICE, path=path, reads=(listed,), judge=judge)


def _default(answers: Answers, scene: Scene) -> Judged:
    cluster = clusters.body(answers, scene)
    if not cluster:
        return [skipped("the cluster's default namespace is not known")]
    namespace = at(cluster, "serviceConnectDefaults", "namespace")
    if namespace:
        return [passed(f"it is {arns.short(namespace)}")]
    what = "Service Connect names no namespace, and the cluster has no default one"
    return [
        failed(what, "set serviceConnectConfiguration.namespace, or the cluster's serviceConnectDefaults")
    ]


def _tls(scene: Scene, tls: Json, path: Path) -> Iterator[Check]:
    if not isinstance(tls, dict):
        return
    if authority := at(tls, "issuerCertificateAuthority", "awsPcaAuthorityArn"):
        read = call("acm-pca", "DescribeCertificateAuthority", CertificateAuthorityArn=authority)
        place = (*path, "issuerCertificateAuthority", "awsPcaAuthorityArn")

        def active(answer: Found) -> list[Verdict]:
            status = at(answer.body.get("CertificateAuthority"), "Status")
            return [passed() if status in (None, "ACTIVE") else failed(f"it is {status}", "activate it")]

        yield lookups.simple(f"certificate authority {arns.short(authority)}", read, SERVICE, place, active)
    if key := tls.get("kmsKey"):
        yield volumes.key_check(scene, key, SERVICE, (*path, "kmsKey"))
    role = roles.check(scene, "role for TLS", tls.get("roleArn"), roles.SERVICES, SERVICE, (*path, "roleArn"))
    if role is not None:
        yield role


def _registry(scene: Scene, item: JsonObject, path: Path) -> Check:
    """Make the check of a registry (developer guide, service discovery: SRV records hold a port, A records do not)."""
    arn, place = item.get("registryArn"), (*path, "registryArn")
    subject = f"Cloud Map service {arns.short(arn)}"
    if arns.parse(arn) is None:
        wrong = failed(f"{arn} is no ARN of a service in Cloud Map", "write the ARN that GetService shows")
        return Check(subject=subject, document=SERVICE, path=place, judge=settled([wrong]))
    read = call("servicediscovery", "GetService", Id=arns.short(arn))

    def judge(answer: Found) -> list[Verdict]:
        records = objects(at(answer.body.get("Service"), "DnsConfig", "DnsRecords"))
        kinds = {str(record.get("Type")) for record in records}
        if "SRV" in kinds and not (item.get("port") or item.get("containerPort")):
            what = "its records are of type SRV, which hold a port, and the service names none"
            return [failed(what, "add containerName and containerPort, or port", path)]
        if kinds & {"A", "AAAA"} and scene.task and not scene.case.awsvpc:
            what = f"its records are of type {' and '.join(sorted(kinds))}, and the tasks have no address of their own"
            return [failed(what, "make it with records of type SRV, or set networkMode awsvpc")]
        return [passed()]

    return lookups.simple(subject, read, SERVICE, place, judge)
