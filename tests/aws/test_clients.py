"""Plain data in and out."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from reconciler.aws import sessions
from reconciler.errors import AwsError, AwsNotFound, AwsRefused
from reconciler.plugin import AwsClient


def test_ecs_answers_are_taken_as_they_came(server: Any, open_to: Any) -> None:
    body = {"taskDefinition": {"registeredAt": 1.5, "aMemberOfNextYear": {"x": None}}, "tags": []}
    server.says(body)
    assert open_to().client("ecs").call("DescribeTaskDefinition", taskDefinition="web") == body


def test_other_answers_have_their_times_as_seconds(server: Any, open_to: Any) -> None:
    server.says({"Parameters": [{"Name": "a", "Value": "b", "LastModifiedDate": 1.5e9}]})
    found = open_to().client("ssm").call("GetParameters", Names=["a"])
    assert found == {"Parameters": [{"Name": "a", "Value": "b", "LastModifiedDate": 1.5e9}]}


def test_it_is_the_client_that_resolvers_are_given(server: Any, open_to: Any) -> None:
    server.says({"Parameters": []})
    aws: sessions.Aws = open_to()
    client: AwsClient = aws.client("ssm")
    assert client.call("GetParameters", Names=["a"]) == {"Parameters": []}


def test_streams_are_read(server: Any, open_to: Any) -> None:
    server.says((200, '{"version": 4}'))
    found = open_to().client("s3").call("GetObject", Bucket="state", Key="terraform.tfstate")
    assert found["Body"] == b'{"version": 4}'
    assert "ResponseMetadata" not in found


def test_pages_come_one_by_one(server: Any, open_to: Any) -> None:
    server.says({"taskArns": ["a"], "nextToken": "1"}, {"taskArns": ["b"]})
    pages = open_to().client("ecs").pages("ListTasks", cluster="prod")
    assert next(pages)["taskArns"] == ["a"]
    assert len(server.requests) == 1
    assert [page["taskArns"] for page in pages] == [["b"]]
    assert server.requests[1][1] == {"cluster": "prod", "nextToken": "1"}


def test_a_page_that_fails_is_told_as_any_call(server: Any, open_to: Any) -> None:
    server.fails(400, "ClusterNotFoundException", "Cluster not found.")
    with pytest.raises(AwsNotFound, match="ecs ListTasks: Cluster not found"):
        list(open_to().client("ecs").pages("ListTasks", cluster="nowhere"))


def test_a_missing_object_is_not_found(server: Any, open_to: Any) -> None:
    server.says(
        (404, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
    )
    with pytest.raises(AwsNotFound) as caught:
        open_to().client("s3").call("GetObject", Bucket="state", Key="x")
    assert caught.value.code == "NoSuchKey"


def test_a_member_of_the_wrong_type_is_named_without_its_value(open_to: Any) -> None:
    body = {
        "family": "web",
        "containerDefinitions": [{"environment": [{"name": "PASSWORD", "value": {"a": "hunter2"}}]}],
    }
    with pytest.raises(AwsRefused) as caught:
        open_to().client("ecs").call("RegisterTaskDefinition", **body)
    assert "containerDefinitions[0].environment[0].value" in str(caught.value)
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told


def test_an_answer_that_is_no_json_is_an_error_of_aws(server: Any, open_to: Any) -> None:
    server.says((200, "<html>a proxy's page</html>"))
    with pytest.raises(AwsError):
        open_to().client("ecs").call("ListClusters")
