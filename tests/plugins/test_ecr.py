"""Tags of images in ECR by their digests: references as people write them, and what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import AwsDenied, AwsError, AwsRefused, AwsThrottled
from reconciler.plugin import ConfigError, Denied, NotFound, ResolveError, Source, Unavailable
from reconciler.testing import FakeContext
from reconciler_ecr import images, plugin
from tests.plugins import services

OWN = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
OTHER = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
DIGESTS = {tag: f"sha256:{number:064x}" for number, tag in enumerate(["1.0", "1.1", "1.2", "latest"])}


def describe(**asked: Any) -> dict[str, Any] | AwsError:
    repository = asked["repositoryName"]
    match repository:
        case "forbidden":
            return AwsDenied("not authorized", code="AccessDeniedException")
        case "busy":
            return AwsThrottled("slow down", temporary=True)
        case "team/app" | "app":
            pass
        case _:
            return AwsRefused("no repository", code="RepositoryNotFoundException")
    if "filter" in asked:
        assert asked["filter"] == {"tagStatus": "TAGGED"}
        details = [
            {"imageDigest": digest, "imageTags": [tag], "imagePushedAt": number}
            for number, (tag, digest) in enumerate(DIGESTS.items())
        ]
        return {"pages": [{"imageDetails": details[:2]}, {"imageDetails": details[2:]}]}
    (wanted,) = asked["imageIds"]
    digest = DIGESTS.get(wanted.get("imageTag", ""), wanted.get("imageDigest"))
    if digest not in DIGESTS.values():
        return AwsRefused("no image", code="ImageNotFoundException")
    return {"imageDetails": [{"imageDigest": digest, "imageTags": []}]}


def repositories(**asked: Any) -> dict[str, Any]:
    if "repositoryNames" in asked:
        (name,) = asked["repositoryNames"]
        return {"repositories": [{"repositoryUri": f"{OWN}/{name}"}]}
    return {"pages": [{"repositories": [{"repositoryName": name} for name in ("team/app", "app")]}]}


def client(**answers: Any) -> services.Paging:
    return services.Paging({"DescribeImages": describe, "DescribeRepositories": repositories} | answers)


@pytest.mark.parametrize(
    ("reference", "uri", "digest"),
    [
        ("team/app:1.1", f"{OWN}/team/app", DIGESTS["1.1"]),
        (" app ", f"{OWN}/app", DIGESTS["latest"]),
        (f"{OTHER}/team/app:1.0", f"{OTHER}/team/app", DIGESTS["1.0"]),
        (f"app@{DIGESTS['1.2']}", f"{OWN}/app", DIGESTS["1.2"]),
        (f"{OTHER}/app:9@{DIGESTS['1.2']}", f"{OTHER}/app", DIGESTS["1.2"]),
    ],
)
def test_images_by_digest(reference: str, uri: str, digest: str) -> None:
    clients = {"ecr": client()}
    value = services.lookup(plugin, clients, "ecr_image", reference)
    assert value.data == f"{uri}@{digest}"
    assert value.source == Source(str(images.Image.parse(reference.strip())), version=digest)
    assert services.lookup(plugin, clients, "ecr_digest", reference).data == digest
    (asked,) = {
        parameters.get("registryId") for name, parameters in clients["ecr"].calls if name == "DescribeImages"
    }
    assert asked == ("210987654321" if OTHER in uri else None)


@pytest.mark.parametrize(
    ("reference", "region"),
    [
        (f"{OTHER}/app", "eu-west-1"),
        ("210987654321.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app", "us-gov-west-1"),
        ("210987654321.dkr-ecr.eu-west-1.on.aws/app", "eu-west-1"),
        ("210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/app:a", "cn-north-1"),
        ("app", ""),
    ],
)
def test_the_region_is_that_of_the_registry(reference: str, region: str) -> None:
    assert images.Image.parse(reference).region == region


@pytest.mark.parametrize(
    "reference",
    [
        "public.ecr.aws/nginx/nginx:1",
        "ghcr.io/a/b",
        "localhost:5000/a",
        "App:1",
        "app:",
        "app@sha256:12",
        "a//b",
        ":1",
    ],
)
def test_what_is_no_image_in_ecr(reference: str) -> None:
    with pytest.raises(ConfigError, match="is no image in a private registry of ECR"):
        services.address(plugin, "ecr_image", reference)


@pytest.mark.parametrize(
    ("reference", "kind", "says"),
    [
        ("app:1.3", NotFound, "has no image with the tag 1.3"),
        ("app:1.3", NotFound, "the newest tags are latest, 1.2, 1.1"),
        ("app:latst", NotFound, "did you mean latest?"),
        (f"app@sha256:{'9' * 64}", NotFound, "has no image with the sha256:999"),
        ("team/ap:1.0", NotFound, "there is no repository team/ap\n  did you mean team/app"),
        ("forbidden", Denied, "allow ecr:DescribeImages on it"),
        ("busy", Unavailable, "slow down"),
    ],
)
def test_errors(reference: str, kind: type[ResolveError], says: str) -> None:
    with pytest.raises(kind) as caught:
        services.lookup(plugin, {"ecr": client()}, "ecr_image", reference)
    assert says in str(caught.value)
    assert caught.value.address == str(services.address(plugin, "ecr_image", reference))


def test_rights_that_one_does_not_have() -> None:
    denied = AwsDenied("no")
    with pytest.raises(Denied, match="allow ecr:DescribeRepositories on it"):
        services.lookup(plugin, {"ecr": client(DescribeRepositories=denied)}, "ecr_image", "app:1.0")
    with pytest.raises(NotFound) as caught:
        services.lookup(plugin, {"ecr": client(DescribeRepositories=denied)}, "ecr_image", "team/ap:1.0")
    assert caught.value.near == ()


def test_a_tag_is_asked_for_once() -> None:
    fake = client()
    resolver = plugin.open(FakeContext(clients={"ecr": fake}), {})
    image = resolver.lookup(services.address(plugin, "ecr_image", "app:1.0")).data
    digest = resolver.lookup(services.address(plugin, "ecr_digest", "app:1.0")).data
    assert image == f"{OWN}/app@{digest}"
    assert [name for name, _ in fake.calls] == ["DescribeImages", "DescribeRepositories"]
