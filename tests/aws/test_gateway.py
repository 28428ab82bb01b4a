"""What the gateway sends, and how it takes answers that the sandbox does not give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.aws.gateway import EcsGateway
from reconciler.errors import AwsDenied, AwsError


def test_ten_services_a_call_with_tags(server: Any, open_to: Any) -> None:
    server.says({"services": [], "failures": []})
    names = [f"web{number}" for number in range(25)]
    EcsGateway(open_to()).describe_services("prod", [*names, "web0"])
    sent = [body for _, body, _ in server.requests]
    assert sorted(len(body["services"]) for body in sent) == [5, 10, 10]
    assert sorted(name for body in sent for name in body["services"]) == sorted(names)
    assert all(body["include"] == ["TAGS"] and body["cluster"] == "prod" for body in sent)


def test_a_failure_that_is_no_absence_is_an_error(server: Any, open_to: Any) -> None:
    failure = {"arn": "arn:aws:ecs:x:service/web", "reason": "ACCESS_DENIED", "detail": "not yours"}
    server.says({"services": [], "failures": [failure]})
    with pytest.raises(AwsError, match="service/web: not yours") as caught:
        EcsGateway(open_to()).describe_services("prod", ["web"])
    assert caught.value.code == "ACCESS_DENIED"


def test_a_forbidden_read_is_no_absence(server: Any, open_to: Any) -> None:
    server.fails(
        400, "AccessDeniedException", "User: x is not authorized to perform: ecs:DescribeTaskDefinition"
    )
    with pytest.raises(AwsDenied, match="allow ecs:DescribeTaskDefinition"):
        EcsGateway(open_to()).describe_task_definition("web")


def test_one_failed_call_of_several_fails_them_all(server: Any, open_to: Any) -> None:
    server.says(
        {"services": [], "failures": []},
        (400, json.dumps({"__type": "AccessDeniedException", "message": "no"})),
    )
    with pytest.raises(AwsDenied):
        EcsGateway(open_to()).describe_services("prod", [f"web{number}" for number in range(30)])


def test_pages_are_read_as_far_as_they_are_wanted(server: Any, open_to: Any) -> None:
    arns = [f"arn:aws:ecs:x:1:task-definition/web:{number}" for number in range(9, 0, -1)]
    server.says({"taskDefinitionArns": arns[:5], "nextToken": "2"}, {"taskDefinitionArns": arns[5:]})
    gateway = EcsGateway(open_to())
    assert gateway.list_revisions("web", limit=3) == tuple(arns[:3])
    assert server.requests[0][1] == {
        "familyPrefix": "web",
        "status": "ACTIVE",
        "sort": "DESC",
        "maxResults": 3,
    }
    assert len(server.requests) == 1


def test_the_account_is_asked_once(server: Any, open_to: Any) -> None:
    answer = "<GetCallerIdentityResult><Account>000000000001</Account></GetCallerIdentityResult>"
    server.says((200, f"<GetCallerIdentityResponse>{answer}</GetCallerIdentityResponse>"))
    gateway = EcsGateway(open_to())
    assert gateway.account() == gateway.account() == "000000000001"
    assert len(server.requests) == 1


def test_the_newest_service_deployment_is_the_first_whatever_the_order_of_the_answer(
    server: Any, open_to: Any
) -> None:
    listed = [{"serviceDeploymentArn": str(at), "createdAt": at} for at in (20.5, 3, 40.25)]
    server.says({"serviceDeployments": [*listed, {"serviceDeploymentArn": "of no time"}]})
    found = EcsGateway(open_to()).list_service_deployments("prod", "web", since=0.0)
    assert [each["serviceDeploymentArn"] for each in found] == ["40.25", "20.5", "3", "of no time"]
    assert server.requests[0][1]["maxResults"] == 100
