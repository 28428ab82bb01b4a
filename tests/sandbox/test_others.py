"""Services that are moto's, in the same process and on the same port."""

import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3.util
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import Clients
from tests.sandbox.test_seeds import client

_wait_for_read = urllib3.util.wait_for_read


def test_a_service_without_moto_says_what_to_install(
    server: Serving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "moto.moto_server.werkzeug_app", None)
    with pytest.raises(ClientError) as raised:
        clients("sqs").list_queues()
    assert raised.value.response["Error"]["Code"] == "NotSimulatedBySandbox"
    assert "pip install 'ecs-reconciler[sandbox]'" in raised.value.response["Error"]["Message"]
    assert clients("ecs").list_clusters()["clusterArns"] == []


@pytest.fixture
def moto() -> None:
    pytest.importorskip("moto", reason="the extra 'sandbox' is not installed")


@pytest.mark.usefixtures("moto")
def test_the_seed_reaches_moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = []

    def wait_for_read(sock: Any, _seconds: float) -> bool:
        """Wait longer than botocore does, which is a second: how busy the machine is does not matter then."""
        answered.append(_wait_for_read(sock, 30))
        return answered[-1]

    monkeypatch.setattr(urllib3.util, "wait_for_read", wait_for_read)
    (tmp_path / "terraform.tfstate").write_text('{"serial": 4}')
    (tmp_path / "seed.yml").write_text(
        """
        parameters: {/a/key: {type: SecureString, value: hush, version: 2}}
        secrets: {db: pass}
        objects:
          states:
            "env/prod key.tfstate": {file: terraform.tfstate}
            note: hello
        """
    )
    with sandbox.serving(seed=tmp_path / "seed.yml") as served:
        s3 = client(served.endpoint_url, "s3")
        got = s3.get_object(Bucket="states", Key="env/prod key.tfstate")
        assert got["Body"].read() == b'{"serial": 4}'
        assert s3.head_object(Bucket="states", Key="note")["ContentLength"] == 5
        s3.put_object(Bucket="states", Key="big", Body=b"x" * 300_000)
        assert answered
        assert all(answered), 'botocore is told "100 Continue" and does not wait in vain'
        assert s3.get_object(Bucket="states", Key="big")["ContentLength"] == 300_000
        ssm = client(served.endpoint_url, "ssm")
        parameter = ssm.get_parameter(Name="/a/key", WithDecryption=True)["Parameter"]
        assert (parameter["Value"], parameter["Version"]) == ("hush", 2)
        ssm.put_parameter(Name="/a/key", Value="new", Type="SecureString", Overwrite=True)
        assert ssm.get_parameter(Name="/a/key", WithDecryption=True)["Parameter"]["Version"] == 3
        secret = client(served.endpoint_url, "secretsmanager", region="us-east-1").get_secret_value(
            SecretId="db"
        )
        assert secret["SecretString"] == "pass"
        operations = [(each["service"], each["operation"]) for each in served.calls()]
        assert operations[0] == ("s3", "GET /states/env/prod key.tfstate")
        assert ("ssm", "PutParameter") in operations
        served.reset()
        assert ssm.get_parameter(Name="/a/key", WithDecryption=True)["Parameter"]["Version"] == 2


@pytest.mark.usefixtures("moto")
def test_faults_strike_every_protocol(server: Serving, clients: Clients) -> None:
    server.faults(
        [{"service": "s3|x", "code": "Never"}, {"operation": "GET /b.*", "code": "SlowDown", "status": 503}]
    )
    with pytest.raises(ClientError, match="SlowDown"):
        clients("s3").get_object(Bucket="b", Key="k")
    server.faults([{"operation": "GetCallerIdentity", "code": "AccessDenied", "status": 403}])
    with pytest.raises(ClientError, match="AccessDenied"):
        clients("sts").get_caller_identity()


@pytest.mark.usefixtures("moto")
@pytest.mark.parametrize(
    ("service", "operation", "members", "message"),
    [
        (
            "freetier",
            "get_free_tier_usage",
            {},
            "Neither the sandbox nor moto simulates freetier GetFreeTierUsage.",
        ),
        (
            "ssm",
            "describe_sessions",
            {"State": "Active"},
            "Neither the sandbox nor moto simulates ssm DescribeSess",
        ),
        (
            "account",
            "get_primary_email",
            {"AccountId": "123456789012"},
            "Neither the sandbox nor moto simulates",
        ),
    ],
)
def test_what_moto_has_not_says_so(
    clients: Clients, service: str, operation: str, members: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(clients(service), operation)(**members)
    assert raised.value.response["Error"]["Code"] == "NotSimulatedBySandbox"
    assert raised.value.response["Error"]["Message"].startswith(message)


@pytest.mark.usefixtures("moto")
def test_roles_and_load_balancers_are_moto_s(clients: Clients) -> None:
    role: dict[str, Any] = clients("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]
    assert clients("iam").get_role(RoleName="r")["Role"]["Arn"] == role["Arn"]
    assumed = clients("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    keys = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": "y",
        "aws_session_token": "z",
    }
    assert ":assumed-role/r/session" in clients("sts", **keys).get_caller_identity()["Arn"]
    assert clients("elbv2").describe_target_groups()["TargetGroups"] == []
    assert clients("logs").describe_log_groups()["logGroups"] == []
