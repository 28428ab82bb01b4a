"""Every kind of failure, and what a user is told to try."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import botocore.exceptions
import pytest

from reconciler import errors
from reconciler.aws import faults

CALL = faults.Call("ecs", "DescribeServices", "dev")

DENIED = "User: arn:aws:iam::1:user/me is not authorized to perform: ecs:DescribeServices on resource: arn:aws:ecs:x"

ANSWERED = [
    ("AccessDeniedException", DENIED, 400, errors.AwsDenied, "allow ecs:DescribeServices on arn:aws:ecs:x"),
    (
        "AccessDenied",
        f"{DENIED} with an explicit deny in a policy",
        403,
        errors.AwsDenied,
        "denies ecs:DescribeServices",
    ),
    (
        "UnauthorizedOperation",
        "You are not authorized.",
        403,
        errors.AwsDenied,
        "allow ecs:DescribeServices to",
    ),
    ("ThrottlingException", "Rate exceeded", 400, errors.AwsThrottled, "AWS_MAX_ATTEMPTS"),
    ("ClientException", "Rate exceeded.", 400, errors.AwsThrottled, "AWS_RETRY_MODE"),
    ("RequestLimitExceeded", "Slow.", 503, errors.AwsThrottled, "wait"),
    ("ClusterNotFoundException", "Cluster not found.", 400, errors.AwsNotFound, ""),
    ("ClientException", "Unable to describe task definition.", 400, errors.AwsNotFound, ""),
    ("ParameterNotFound", "", 400, errors.AwsNotFound, ""),
    ("404", "Not Found", 404, errors.AwsNotFound, ""),
    ("ExpiredTokenException", "The security token included is expired", 400, errors.AwsCredentials, "fresh"),
    (
        "InvalidClientTokenId",
        "The security token is invalid.",
        403,
        errors.AwsCredentials,
        "identity --profile dev",
    ),
    (
        "UnrecognizedClientException",
        "The token is invalid",
        400,
        errors.AwsCredentials,
        "get-caller-identity",
    ),
    ("RequestTimeTooSkewed", "The difference is too large.", 403, errors.AwsCredentials, "clock"),
    ("InvalidParameterException", "Invalid.", 400, errors.AwsRefused, ""),
    ("NewCodeOfNextYear", "Boom.", 500, errors.AwsError, "try again"),
    ("ServerException", "", 500, errors.AwsError, "try again"),
]
TEMPORARY = {errors.AwsThrottled, errors.AwsError}


@pytest.mark.parametrize(("code", "message", "status", "kind", "hint"), ANSWERED)
def test_answers(code: str, message: str, status: int, kind: type[errors.AwsError], hint: str) -> None:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    told = faults.translate(botocore.exceptions.ClientError(response, CALL.operation), CALL)
    assert type(told) is kind
    assert (told.operation, told.code, told.temporary) == (CALL.operation, code, kind in TEMPORARY)
    assert str(told).startswith("ecs DescribeServices: ")
    assert message.rstrip(".") in told.what
    assert code in told.what
    assert hint in (told.hint or "")
    assert bool(hint) == bool(told.hint)


URL = {"endpoint_url": "https://ecs.eu-west-1.amazonaws.com"}
RAISED = [
    (botocore.exceptions.NoCredentialsError(), errors.AwsCredentials, "aws sso login --profile dev"),
    (
        botocore.exceptions.PartialCredentialsError(provider="env", cred_var="x"),
        errors.AwsCredentials,
        "together",
    ),
    (botocore.exceptions.ProfileNotFound(profile="dev"), errors.AwsCredentials, "list-profiles"),
    (
        botocore.exceptions.SSOTokenLoadError(error_msg="gone"),
        errors.AwsCredentials,
        "sso login --profile dev",
    ),
    (botocore.exceptions.UnauthorizedSSOTokenError(), errors.AwsCredentials, "sso login --profile dev"),
    (botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="x"), errors.AwsCredentials, "fresh"),
    (
        botocore.exceptions.EndpointConnectionError(**URL, error="refused"),
        errors.AwsUnreachable,
        "AWS_ENDPOINT_URL",
    ),
    (botocore.exceptions.ConnectTimeoutError(**URL), errors.AwsUnreachable, "network"),
    (botocore.exceptions.ReadTimeoutError(**URL), errors.AwsUnreachable, "network"),
    (botocore.exceptions.ConnectionClosedError(**URL), errors.AwsUnreachable, "network"),
    (botocore.exceptions.SSLError(**URL, error="self-signed"), errors.AwsUnreachable, "AWS_CA_BUNDLE"),
    (botocore.exceptions.ProxyConnectionError(proxy_url="http://p"), errors.AwsUnreachable, "HTTPS_PROXY"),
    (
        botocore.exceptions.UnknownServiceError(service_name="x", known_service_names="y"),
        errors.AwsRefused,
        "",
    ),
]


@pytest.mark.parametrize(("error", "kind", "hint"), RAISED, ids=lambda value: type(value).__name__)
def test_exceptions(error: Exception, kind: type[errors.AwsError], hint: str) -> None:
    told = faults.translate(error, CALL)
    assert type(told) is kind
    assert told.code == type(error).__name__
    assert hint in (told.hint or "")


def test_a_lost_answer_of_a_write_says_that_it_may_have_happened() -> None:
    lost = botocore.exceptions.ReadTimeoutError(endpoint_url="https://x")
    assert "plan again" in str(faults.translate(lost, faults.Call("ecs", "UpdateService")))
    assert "plan again" not in str(faults.translate(lost, CALL))


def classes(above: type[Exception]) -> Iterator[type[Exception]]:
    for below in above.__subclasses__():
        yield below
        yield from classes(below)


def test_the_table_names_exceptions_that_there_are() -> None:
    from botocore.parsers import ResponseParserError

    known = {each.__name__ for each in (*classes(botocore.exceptions.BotoCoreError), ResponseParserError)}
    assert set(faults.EXCEPTIONS) <= known


def test_botocores_throttling_codes_are_ours() -> None:
    from botocore.retries.standard import ThrottledRetryableChecker

    # Two mean a limit of the account rather than a pace, and one belongs to DynamoDB's transactions.
    others = {"LimitExceededException", "TransactionInProgressException"}
    codes = set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) - others
    assert {faults.CODES.get(code) for code in codes} == {faults.THROTTLED}


def test_it_imports_no_botocore() -> None:
    code = "import sys; import reconciler.aws.faults; print('botocore' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip()
        == b"False"
    )
