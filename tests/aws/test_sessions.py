"""Where the region, the credentials and the endpoint come from."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from reconciler import __version__
from reconciler.aws import sessions
from reconciler.errors import AwsCredentials, AwsRefused, ConfigError
from reconciler.plugin import AwsOptions

IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
ASSUMED = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    "<AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
PROFILE = (
    "[profile dev]\nregion = ap-northeast-1\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n"
)


@pytest.mark.parametrize(
    ("given", "environ", "region"),
    [
        ("us-east-2", {"AWS_REGION": "us-west-1"}, "us-east-2"),
        (None, {"AWS_REGION": "us-west-1", "AWS_DEFAULT_REGION": "us-west-2"}, "us-west-1"),
        ("", {"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
        (None, {"AWS_PROFILE": "dev"}, "ap-northeast-1"),
    ],
)
def test_the_region_is_the_first_that_is_named(tmp_path: Path, given: Any, environ: Any, region: Any) -> None:
    (tmp_path / "config").write_text(PROFILE)
    assert sessions.open_aws(region=given, environ=environ).region == region


def test_no_region_is_an_error_that_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="AWS_REGION"):
        _ = sessions.open_aws(environ={}).region


def test_a_profile_given_outdoes_keys_in_the_environment(tmp_path: Path, server: Any, open_to: Any) -> None:
    (tmp_path / "config").write_text(PROFILE)
    server.says({"taskDefinition": {}})
    open_to(profile="dev").client("ecs").call("DescribeTaskDefinition", taskDefinition="web")
    assert "Credential=AKIAPROFILE/" in server.requests[0][2]["Authorization"]


def test_a_profile_that_is_not_there_says_how_to_list_them(open_to: Any) -> None:
    with pytest.raises(AwsCredentials, match="aws configure list-profiles"):
        open_to(profile="nobody").client("ecs").call("ListClusters")


def test_no_credentials_fail_at_the_call_and_say_what_to_do() -> None:
    aws = sessions.open_aws(profile=None, region="eu-west-1", environ={"AWS_PROFILE": ""})
    with pytest.raises(AwsCredentials, match="aws sso login"):
        aws.client("ecs").call("ListClusters")


def test_a_role_is_assumed_once_and_its_credentials_used(server: Any, open_to: Any) -> None:
    server.says((200, ASSUMED), {"clusterArns": []})
    client = open_to(assume_role_arn="arn:aws:iam::123456789012:role/deploy").client("ecs")
    client.call("ListClusters")
    client.call("ListClusters")
    (_, asked, headers), *calls = server.requests
    assert "Action=AssumeRole" in asked
    assert "RoleSessionName=reconciler-" in asked
    assert "Credential=AKIAIOSFODNN7EXAMPLE/" in headers["Authorization"]
    assert all("Credential=ASIAASSUMED/" in headers["Authorization"] for _, _, headers in calls)
    assert len(calls) == 2


def test_a_role_that_may_not_be_assumed_is_never_done_without(server: Any, open_to: Any) -> None:
    denied = "User: me is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/x"
    server.says(
        (
            403,
            f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{denied}</Message></Error></ErrorResponse>",
        )
    )
    client = open_to(assume_role_arn="arn:aws:iam::1:role/x").client("ecs")
    for _ in range(2):
        with pytest.raises(Exception, match="trust policy") as caught:
            client.call("ListClusters")
        assert str(caught.value).startswith("sts AssumeRole: User: ")
    assert {operation for operation, _, _ in server.requests} == {"/"}


def test_a_role_that_is_none_is_told_by_its_name(server: Any, open_to: Any) -> None:
    client = open_to(assume_role_arn="deploy").client("ecs")
    with pytest.raises(AwsRefused, match=r"name the role by its ARN") as caught:
        client.call("DescribeServices", services=["web"])
    assert caught.value.operation == "AssumeRole"
    assert str(caught.value).startswith("sts AssumeRole: Invalid length for parameter RoleArn")
    assert ", of the role deploy\n" in str(caught.value)
    assert server.requests == []


def test_an_endpoint_of_one_service_outdoes_that_of_all(server: Any, open_to: Any) -> None:
    server.says((200, IDENTITY))
    elsewhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_STS": server.url}
    assert open_to(elsewhere).client("sts").call("GetCallerIdentity") == {"Account": "123456789012"}


def test_the_processs_own_endpoint_is_honoured(monkeypatch: pytest.MonkeyPatch, server: Any) -> None:
    for name, value in {"ENDPOINT_URL": server.url, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    server.says({"clusterArns": ["arn"]})
    assert sessions.open_aws(region="eu-west-1").client("ecs").call("ListClusters") == {
        "clusterArns": ["arn"]
    }


def test_calls_name_us(server: Any, open_to: Any) -> None:
    server.says({"clusterArns": []})
    open_to().client("ecs").call("ListClusters")
    assert f"reconciler/{__version__}" in server.requests[0][2]["User-Agent"]


def test_threads_share_one_client(open_to: Any) -> None:
    aws, found = open_to(), []
    threads = [threading.Thread(target=lambda: found.append(aws.botocore_client("ecs"))) for _ in range(8)]
    aws.warm("ecs")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in found}) == 1
    assert found[0].meta.config.max_pool_connections == sessions.THREADS


def test_warming_up_keeps_its_failures_for_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = sessions.open_aws(environ={"AWS_REGION": "eu-west-1", "AWS_PROFILE": "nobody"})
    aws.warm()
    for thread in threading.enumerate():
        if thread.name == "warm-aws":
            thread.join()
    with pytest.raises(AwsCredentials):
        aws.client("ecs").call("ListClusters")


def test_opening_imports_nothing_heavy() -> None:
    code = (
        "import sys; from reconciler.aws import sessions, gateway, shapes;"
        "gateway.EcsGateway(sessions.open_aws(region='eu-west-1')).region; shapes.ModelShapes().named('Service');"
        "print([name for name in ('boto3', 'botocore', 'urllib3', 'http.client') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_preloading_imports_botocore_beside_other_work() -> None:
    code = (
        "import sys, threading; from reconciler.aws import sessions; sessions.preload();"
        "[thread.join() for thread in threading.enumerate() if thread.name == 'preload-botocore'];"
        "print('botocore.session' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    ("options", "signed_by", "region"),
    [
        (AwsOptions(region="eu-north-1"), "ASIAASSUMED", "eu-north-1"),
        (AwsOptions(ambient=True), "AKIAIOSFODNN7EXAMPLE", "eu-west-1"),
        (AwsOptions(profile="dev"), "AKIAPROFILE", "eu-west-1"),
        (
            AwsOptions(variables=(("AWS_ACCESS_KEY_ID", "AKIAGIVEN"), ("AWS_SECRET_ACCESS_KEY", "s"))),
            "AKIAGIVEN",
            "eu-west-1",
        ),
    ],
)
def test_options_change_a_client_and_keep_the_rest(
    tmp_path: Path, server: Any, open_to: Any, options: AwsOptions, signed_by: str, region: str
) -> None:
    (tmp_path / "config").write_text(PROFILE)
    server.says(*[(200, ASSUMED)] * (signed_by == "ASIAASSUMED"), {"clusterArns": []})
    aws = open_to(assume_role_arn="arn:aws:iam::123456789012:role/deploy")
    aws.client("ecs", options).call("ListClusters")
    aws.client("ecs", options).call("ListClusters")
    *_, (_, _, first), (_, _, second) = server.requests
    for headers in (first, second):
        assert f"Credential={signed_by}/" in headers["Authorization"]
        assert f"/{region}/ecs/" in headers["Authorization"]
    aws.close()


def test_options_show_no_keys() -> None:
    assert "hush" not in repr(AwsOptions(variables=(("AWS_SECRET_ACCESS_KEY", "hush"),)))
