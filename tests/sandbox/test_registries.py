"""ECR as the seed declares it, and what it means for the tasks that pull from it."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import NETWORK, task_definition
from tests.sandbox.test_seeds import client

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
BOTH = ["linux/amd64", "linux/arm64/v8"]
MINE = {"schemaVersion": 2, "config": {"size": 7}, "layers": [{"size": 5}]}
REPOSITORIES: dict[str, Any] = {
    "team/web": {
        "1": None,
        "arm": {"platform": "linux/arm64", "docker": True},
        "both": {"platforms": BOTH},
        "mine": {"manifest": MINE},
        "latest": "both",
    },
    "team/plain": ["a", "b"],
}


@pytest.fixture
def server() -> Iterator[Serving]:
    """Serve the repositories."""
    with sandbox.serving({"clusters": ["main"], "repositories": REPOSITORIES}) as served:
        yield served


@pytest.fixture
def ecr(server: Serving) -> Any:
    return client(server.endpoint_url, "ecr")


def got(ecr: Any, **identifier: str) -> dict[str, Any]:
    (image,) = ecr.batch_get_image(repositoryName="team/web", imageIds=[identifier])["images"]
    return dict(image)


def test_repositories_and_images_are_shown(ecr: Any) -> None:
    shown = ecr.describe_repositories()["repositories"]
    assert [each["repositoryUri"] for each in shown] == [f"{HOST}/team/plain", f"{HOST}/team/web"]
    details = ecr.describe_images(repositoryName="team/web")["imageDetails"]
    tags = [sorted(each.get("imageTags", [])) for each in details]
    assert sorted(tags) == [[], [], ["1"], ["arm"], ["both", "latest"], ["mine"]]
    (detail,) = ecr.describe_images(repositoryName="team/web", imageIds=[{"imageTag": "mine"}])[
        "imageDetails"
    ]
    assert detail["imageSizeInBytes"] == 12
    listed = ecr.list_images(repositoryName="team/web", filter={"tagStatus": "TAGGED"})["imageIds"]
    assert {each["imageTag"] for each in listed} == {"1", "arm", "both", "mine", "latest"}


def test_a_digest_is_that_of_the_manifest(ecr: Any) -> None:
    for tag in ("1", "both", "mine"):
        image = got(ecr, imageTag=tag)
        digest = "sha256:" + hashlib.sha256(image["imageManifest"].encode()).hexdigest()
        assert image["imageId"] == {"imageTag": tag, "imageDigest": digest}
        assert got(ecr, imageDigest=digest)["imageManifest"] == image["imageManifest"]


def test_an_index_leads_to_its_parts(server: Serving, ecr: Any) -> None:
    index = got(ecr, imageTag="both")
    assert index["imageManifestMediaType"] == "application/vnd.oci.image.index.v1+json"
    parts = json.loads(index["imageManifest"])["manifests"]
    assert [each["platform"] for each in parts] == [
        {"os": "linux", "architecture": "amd64"},
        {"os": "linux", "architecture": "arm64", "variant": "v8"},
    ]
    part = json.loads(got(ecr, imageDigest=parts[1]["digest"])["imageManifest"])
    digest = part["config"]["digest"]
    place = ecr.get_download_url_for_layer(repositoryName="team/web", layerDigest=digest)["downloadUrl"]
    assert place.startswith(server.endpoint_url)
    with urllib.request.urlopen(place, timeout=10) as response:
        config = json.load(response)
    assert (config["os"], config["architecture"], config["variant"]) == ("linux", "arm64", "v8")
    layers = [part["layers"][0]["digest"], "sha256:" + "0" * 64, "x"]
    known = ecr.batch_check_layer_availability(repositoryName="team/web", layerDigests=layers)
    assert [each["layerAvailability"] for each in known["layers"]] == ["AVAILABLE", "UNAVAILABLE"]
    assert [each["failureCode"] for each in known["failures"]] == ["InvalidLayerDigest"]
    assert got(ecr, imageTag="arm")["imageManifestMediaType"].startswith(
        "application/vnd.docker.distribution.manifest"
    )


def test_what_there_is_not(ecr: Any) -> None:
    answer = ecr.batch_get_image(repositoryName="team/web", imageIds=[{"imageTag": "9"}])
    assert answer["images"] == []
    assert (answer["failures"][0]["failureCode"], answer["failures"][0]["failureReason"]) == (
        "ImageNotFound",
        "Requested image not found",
    )
    with pytest.raises(
        ecr.exceptions.ImageNotFoundException, match=r"\{imageDigest:'null', imageTag:'9'\} does not"
    ):
        ecr.describe_images(repositoryName="team/web", imageIds=[{"imageTag": "9"}])
    for members in ({"repositoryName": "nope"}, {"repositoryName": "team/web", "registryId": "210987654321"}):
        with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
            ecr.describe_images(**members)
    with pytest.raises(ClientError, match="does not simulate the ECR operation DeleteRepository"):
        ecr.delete_repository(repositoryName="team/web")


def test_an_image_can_be_pushed(ecr: Any) -> None:
    ecr.create_repository(repositoryName="new")
    with pytest.raises(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName="new")
    pushed = ecr.put_image(repositoryName="new", imageManifest=json.dumps(MINE), imageTag="1")["image"]
    (detail,) = ecr.describe_images(repositoryName="new")["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (pushed["imageId"]["imageDigest"], ["1"])
    with pytest.raises(ecr.exceptions.InvalidParameterException):
        ecr.put_image(repositoryName="new", imageManifest="[]")


def test_the_registry_answers_over_http(server: Serving, ecr: Any) -> None:
    (data,) = ecr.get_authorization_token()["authorizationData"]
    headers = {"Authorization": f"Basic {data['authorizationToken']}"}

    def fetch(path: str, **given: str) -> Any:
        request = urllib.request.Request(f"{data['proxyEndpoint']}{path}", headers=given)
        return urllib.request.urlopen(request, timeout=10)

    with fetch("/v2/team/web/manifests/latest", **headers) as response:
        assert (
            response.headers["Docker-Content-Digest"] == got(ecr, imageTag="both")["imageId"]["imageDigest"]
        )
        assert response.read().decode() == got(ecr, imageTag="both")["imageManifest"]
    for path, given, status in (
        ("/v2/", {}, 401),
        ("/v2/", {"Authorization": "Basic eDp5"}, 401),
        ("/v2/nope/manifests/1", headers, 404),
        ("/v2/team/web/manifests/9", headers, 404),
        ("/v2/team/web/blobs/sha256:0", headers, 404),
    ):
        with pytest.raises(urllib.error.HTTPError) as raised:
            fetch(path, **given)
        raised.value.close()
        assert raised.value.code == status


@pytest.mark.parametrize(
    ("image", "platform", "reason"),
    [
        ("team/web:1", {}, None),
        ("team/web", {"cpuArchitecture": "ARM64"}, None),
        ("other:1", {}, None),
        ("team/web:9", {}, f"failed to resolve ref {HOST}/team/web:9: not found"),
        ("team/web@sha256:0", {}, f"failed to resolve ref {HOST}/team/web@sha256:0: not found"),
        ("team/web:arm", {}, "image Manifest does not contain descriptor matching platform 'linux/amd64'"),
        ("team/plain:a", {"cpuArchitecture": "ARM64"}, "descriptor matching platform 'linux/arm64'"),
    ],
)
def test_what_tasks_can_pull(
    server: Serving, ecr: Any, image: str, platform: dict[str, str], reason: str | None
) -> None:
    ecs = client(server.endpoint_url)
    role = {"executionRoleArn": "arn:aws:iam::123456789012:role/x"}
    ecs.register_task_definition(**task_definition(f"{HOST}/{image}", runtimePlatform=platform, **role))
    request = {"cluster": "main", "taskDefinition": "web", "networkConfiguration": NETWORK}
    (task,) = ecs.run_task(**request, launchType="FARGATE")["tasks"]
    server.advance(40)
    (shown,) = ecs.describe_tasks(cluster="main", tasks=[task["taskArn"]])["tasks"]
    assert shown["lastStatus"] == ("STOPPED" if reason else "RUNNING")
    if reason:
        assert shown["stopCode"] == "TaskFailedToStart"
        assert shown["stoppedReason"].startswith(
            "CannotPullContainerError: pull image manifest has been retried 1 time"
        )
        assert shown["stoppedReason"].endswith(reason)
    elif image == "team/web:1":
        assert shown["containers"][0]["imageDigest"] == got(ecr, imageTag="1")["imageId"]["imageDigest"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": "b"}, "repositories.a: must be an object"),
        ({"a": {"1": {"platform": "linux"}}}, "repositories.a.1: a platform is OS/ARCHITECTURE"),
        ({"a": {"1": {"os": "linux"}}}, "repositories.a.1: has no member 'os'"),
        ({"a": {"1": {"manifest": "x"}}}, "repositories.a.1.manifest: is no manifest"),
        ({"a": {"1": {"platforms": []}}}, "repositories.a.1.platforms: must be a list"),
        ({"a": {"1": "2"}}, "repositories.a.1: names the tag '2'"),
    ],
)
def test_mistakes_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError) as raised, sandbox.serving({"repositories": given}):
        pass
    assert message in str(raised.value)
