"""What a sandbox begins with, and what is said of a seed that cannot be used."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import SandboxError
from tests.sandbox.bodies import described, messages, service, task_definition

SEED: dict[str, Any] = {
    "clusters": ["idle"],
    "task_definitions": [task_definition(), task_definition("web:2")],
    "services": [service(count=2, revision="web:1", live={"availabilityZoneRebalancing": "DISABLED"})],
    "parameters": {
        "/a/b": "text",
        "plain": {"value": ["x", "y"], "type": "StringList"},
        "/a/key": {"value": "hush", "type": "SecureString", "version": 3},
    },
    "knobs": {"pull": 2},
    "faults": [{"operation": "DeleteCluster", "code": "ServerException", "status": 500}],
    "limits": {"DeleteService": {"burst": 0, "rate": 0}},
}


def client(url: str, name: str = "ecs", region: str = "eu-west-1") -> Any:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": region}
    connect: Any = boto3.client
    return connect(name, endpoint_url=url, **keys)


@pytest.mark.parametrize("suffix", ["json", "yml"])
def test_a_seeded_service_is_at_rest_in_every_region(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"seed.{suffix}"
    path.write_text(json.dumps(SEED) if suffix == "json" else yaml.safe_dump(SEED))
    with sandbox.serving(seed=path) as served:
        for region in ("eu-west-1", "us-east-1"):
            there = client(served.endpoint_url, region=region)
            shown = described(there)
            assert shown["runningCount"] == 2
            assert [each["rolloutState"] for each in shown["deployments"]] == ["COMPLETED"]
            assert shown["availabilityZoneRebalancing"] == "DISABLED"
            assert messages(there)[-1] == "(service web) has reached a steady state."
            assert f":{region}:" in shown["serviceArn"]
            assert len(there.list_clusters()["clusterArns"]) == 2
        assert [each["error"] for each in served.calls() if "error" in each] == []
        served.advance(3600)
        ecs = client(served.endpoint_url)
        ecs.update_service(cluster="main", service="web", taskDefinition="web:2")
        served.reset()
        assert described(ecs)["taskDefinition"].endswith("web:1")


def test_a_seed_may_concern_one_region() -> None:
    with sandbox.serving(seed=SEED | {"region": "eu-west-1"}) as served:
        assert len(client(served.endpoint_url).list_clusters()["clusterArns"]) == 2
        assert client(served.endpoint_url, region="us-east-1").list_clusters()["clusterArns"] == []


def test_parameters_without_moto() -> None:
    with sandbox.serving(seed=SEED) as served:
        ssm = client(served.endpoint_url, "ssm")
        names = ["/a/b", "plain", "/a/key:3", "/none", "arn:aws:ssm:eu-west-1:123456789012:parameter/plain"]
        answer = ssm.get_parameters(Names=names, WithDecryption=True)
        assert answer["InvalidParameters"] == ["/none"]
        found = [
            (each["Name"], each["Type"], each["Value"], each["Version"]) for each in answer["Parameters"]
        ]
        assert found == [
            ("/a/b", "String", "text", 1),
            ("plain", "StringList", "x,y", 1),
            ("/a/key", "SecureString", "hush", 3),
            ("plain", "StringList", "x,y", 1),
        ]
        assert answer["Parameters"][2]["Selector"] == ":3"
        assert ssm.get_parameter(Name="/a/key")["Parameter"]["Value"] != "hush"
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name="/none")
        with pytest.raises(ssm.exceptions.ParameterVersionNotFound):
            ssm.get_parameter(Name="/a/b:2")
        sts = client(served.endpoint_url, "sts").get_caller_identity()
        assert (sts["Account"], sts["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/sandbox")


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ([], "seed: must be an object"),
        (
            {"cluster": []},
            "seed: has no member 'cluster'; there are alarms, calls, capacity_providers, ",
        ),
        ({"clusters": "main"}, "seed: clusters: must be a list"),
        ({"clusters": ["a b"]}, "seed: clusters.a b: CreateCluster refused it: InvalidParameterException"),
        (
            {"task_definitions": [{"family": "a", "containers": []}]},
            "task_definitions[0]: RegisterTaskDefinition has no",
        ),
        (
            {"task_definitions": [task_definition(cpu="100")]},
            "task_definitions[0]: RegisterTaskDefinition refused it",
        ),
        (
            {"services": [service()]},
            "services[0]: CreateService refused it: ClientException: TaskDefinition not found.",
        ),
        ({"parameters": {"a": 1}}, "parameters.a: must be an object"),
        ({"parameters": {"a": {"value": "x", "type": "Text"}}}, "parameters.a.type: must be one of String"),
        ({"parameters": {"a": {"value": "x", "version": 0}}}, "parameters.a.version: must be a whole number"),
        ({"objects": {"b": {"k": {"file": "none"}}}}, "objects.b.k.file: cannot be read"),
        ({"objects": {"b": {"k": {"path": "none"}}}}, "objects.b.k: must be text or {file: path}"),
        ({"secrets": {"a": 1}}, "secrets.a: must be text"),
        ({"knobs": {"pul": 1}}, "seed: knobs: no knob is called 'pul'"),
        ({"faults": [{"p": "x"}]}, "seed: faults[0].p: must be a float"),
        ({"limits": {"X": 1}}, "seed: limits.X: must be"),
    ],
)
def test_a_bad_seed_is_explained(seed: object, message: str) -> None:
    with pytest.raises(SandboxError) as raised:
        seeds.read(seed)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("seed.json", "{", "is not JSON"),
        ("seed.yml", "a: [", "seed.yml:1:5: is not YAML"),
        ("seed.yml", None, "cannot be read"),
    ],
)
def test_a_bad_file_is_explained(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(SandboxError) as raised:
        seeds.load(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)
