"""botocore's exceptions, told as our errors. Tables first; AWS's own sentence is kept, values sent are not.

Codes are those of the ECS API reference ("Common Errors", and each operation's), of the S3, STS, SSM and
Secrets Manager references, and of botocore's own list of throttling codes (`botocore.retries.standard`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from reconciler import errors
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of failure. `hint` may name ``{profile}``, ``{login}`` and ``{endpoint}``."""

    error: type[errors.AwsError]
    temporary: bool = False
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked of AWS, and as whom: service and operation by their API names, the profile if any."""

    service: str
    operation: str
    profile: str = ""

    @property
    def writes(self) -> bool:
        """Tell whether the operation changes anything, going by AWS's verbs."""
        return not self.operation.startswith(
            ("Describe", "List", "Get", "BatchGet", "Head", "Filter", "Lookup", "AssumeRole")
        )


DENIED: Final = Fault(errors.AwsDenied)
THROTTLED: Final = Fault(
    errors.AwsThrottled,
    temporary=True,
    hint="wait, or raise AWS_MAX_ATTEMPTS (AWS_RETRY_MODE=adaptive slows down)",
)
ABSENT: Final = Fault(errors.AwsNotFound)
REFUSED: Final = Fault(errors.AwsRefused)
BROKEN: Final = Fault(errors.AwsError, temporary=True, hint="AWS failed to answer properly: try again")
UNREACHABLE: Final = Fault(
    errors.AwsUnreachable, temporary=True, hint="check the network, the region and AWS_ENDPOINT_URL"
)
UNTRUSTED: Final = Fault(
    errors.AwsUnreachable,
    hint="name your organisation's certificates in AWS_CA_BUNDLE, or check the endpoint",
)
PROXY: Final = Fault(errors.AwsUnreachable, temporary=True, hint="check HTTPS_PROXY and NO_PROXY")
MISSING: Final = Fault(
    errors.AwsCredentials,
    hint="set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `{login}`",
)
EXPIRED: Final = Fault(
    errors.AwsCredentials, hint="get fresh credentials: `{login}` for SSO, else export new ones"
)
INVALID: Final = Fault(
    errors.AwsCredentials, hint="check which credentials are in use: `aws sts get-caller-identity{profile}`"
)
PARTIAL: Final = Fault(errors.AwsCredentials, hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together")
PROFILE: Final = Fault(
    errors.AwsCredentials, hint="list the profiles that there are: `aws configure list-profiles`"
)
CLOCK: Final = Fault(errors.AwsCredentials, hint="check this machine's clock")

_MEANINGS: Final[Mapping[Fault, str]] = {
    DENIED: """
        AccessDenied AccessDeniedException UnauthorizedOperation UnauthorizedException NotAuthorized
        AuthorizationError AuthorizationErrorException OptInRequired AllAccessDisabled 403""",
    THROTTLED: """
        Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException
        TooManyRequestsException TooManyRequests RequestLimitExceeded BandwidthLimitExceeded SlowDown
        EC2ThrottledException ProvisionedThroughputExceededException PriorRequestNotComplete 429""",
    ABSENT: """
        ClusterNotFoundException ServiceNotFoundException ResourceNotFoundException NoSuchKey NoSuchBucket
        NoSuchVersion ParameterNotFound ParameterVersionNotFound TaskSetNotFoundException
        ServiceDeploymentNotFoundException NamespaceNotFoundException NoSuchEntity NotFound 404
        ApplicationDoesNotExistException DeploymentGroupDoesNotExistException DeploymentDoesNotExistException
        DeploymentTargetDoesNotExistException RepositoryNotFoundException ImageNotFoundException
        LayersNotFoundException FileSystemNotFound AccessPointNotFound TargetGroupNotFound ListenerNotFound
        RuleNotFound LoadBalancerNotFound ServiceNotFound NamespaceNotFound NoSuchResourceException
        NotFoundException InvalidSnapshot.NotFound""",
    EXPIRED: "ExpiredToken ExpiredTokenException TokenRefreshRequired",
    INVALID: """
        InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId SignatureDoesNotMatch
        InvalidSignatureException IncompleteSignature IncompleteSignatureException AuthFailure InvalidToken
        MissingAuthenticationToken MissingAuthenticationTokenException""",
    CLOCK: "RequestExpired RequestTimeTooSkewed",
    BROKEN: """
        ServerException InternalFailure InternalError InternalServerError ServiceUnavailable
        ServiceUnavailableException RequestTimeout RequestTimeoutException""",
}
CODES: Final[Mapping[str, Fault]] = {
    code: fault for fault, codes in _MEANINGS.items() for code in codes.split()
}
"""What AWS's error codes mean; HTTP statuses stand where an answer had no body (S3's HEAD)."""

SENTENCES: Final = (
    (re.compile(r"rate exceeded|too many concurrent attempts", re.IGNORECASE), THROTTLED),
    (re.compile(r"unable to describe task definition|task ?definition not found", re.IGNORECASE), ABSENT),
    (re.compile(r"security token .*expired", re.IGNORECASE), EXPIRED),
)
"""What ECS says under codes that say less (``ClientException``); looked at before `CODES`."""

EXCEPTIONS: Final[Mapping[str, Fault]] = {
    "NoCredentialsError": MISSING,
    "NoAuthTokenError": MISSING,
    "PartialCredentialsError": PARTIAL,
    "ProfileNotFound": PROFILE,
    "SSOTokenLoadError": EXPIRED,
    "UnauthorizedSSOTokenError": EXPIRED,
    "SSOError": EXPIRED,
    "TokenRetrievalError": EXPIRED,
    "LoginError": EXPIRED,
    "CredentialRetrievalError": INVALID,
    "MetadataRetrievalError": MISSING,
    "InvalidConfigError": INVALID,
    "RefreshWithMFAUnsupportedError": EXPIRED,
    "SSLError": UNTRUSTED,
    "ProxyConnectionError": PROXY,
    "InvalidProxiesConfigError": PROXY,
    "ConnectionError": UNREACHABLE,
    "HTTPClientError": UNREACHABLE,
    "IncompleteReadError": UNREACHABLE,
    "ResponseParserError": BROKEN,
}
"""What botocore's own exceptions mean, by the name of the class or the nearest class above it."""

_ACTION: Final = re.compile(
    r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on resource:? (?P<resource>\S+))?"
)
_VALUE: Final = re.compile(r", value: .*?(?=, type: <class|, valid (?:min|max|range))", re.DOTALL)
_ANSWERED: Final = ("ReadTimeoutError", "ConnectionClosedError", "HTTPClientError", "IncompleteReadError")
_IAM_PREFIXES: Final = {
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "service-quotas": "servicequotas",
}
_IAM_ACTIONS: Final = {"s3:HeadObject": "s3:GetObject", "s3:ListObjectsV2": "s3:ListBucket"}
"""Where IAM has another word than the API (Service Authorization Reference)."""


def translate(error: Exception, call: Call) -> errors.AwsError:
    """Give our error for one of botocore's; whoever raises it chains the original (`raise … from error`)."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        return _answered(answer, _actual(call, error))
    if hasattr(error, "kwargs") and "report" in error.kwargs:
        return _misshapen(str(error.kwargs["report"]), call)
    names = [base.__name__ for base in type(error).__mro__]
    fault = next((EXCEPTIONS[name] for name in names if name in EXCEPTIONS), REFUSED)
    hint = _filled(fault.hint, call)
    if call.writes and any(name in _ANSWERED for name in names) and fault is UNREACHABLE:
        hint = "the request may have been carried out: plan again to see what AWS has"
    return _made(fault, call, code=names[0], sentence=str(error), hint=hint)


def _answered(answer: Mapping[str, Any], call: Call) -> errors.AwsError:
    """Tell an error that AWS answered (`ClientError.response`)."""
    error = answer.get("Error", {})
    code, message = str(error.get("Code", "")), str(error.get("Message") or error.get("message") or "")
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    fault = next((fault for pattern, fault in SENTENCES if pattern.search(message)), CODES.get(code))
    if fault is None:
        fault = BROKEN if status >= 500 else REFUSED
    hint = _allowing(message, call) if fault is DENIED else _filled(fault.hint, call)
    return _made(fault, call, code=code, sentence=message or f"HTTP {status}", hint=hint)


def _misshapen(report: str, call: Call) -> errors.AwsError:
    """Tell a request that botocore found not to fit the API model; it quotes values, which may be secret."""
    lines = [line.strip() for line in _VALUE.sub("", report).splitlines() if line.strip()]
    hint = "correct the members named; a newer member may need `pip install --upgrade boto3`"
    return _made(REFUSED, call, code="ParamValidationError", sentence="; ".join(lines), hint=hint)


def _made(fault: Fault, call: Call, *, code: str, sentence: str, hint: str | None) -> errors.AwsError:
    what = f"{call.service} {call.operation}: {' '.join(sentence.split()).rstrip('.')}"
    if code and code not in what:
        what = f"{what} ({code})"
    return fault.error(what, hint=hint, operation=call.operation, code=code, temporary=fault.temporary)


def _actual(call: Call, error: Exception) -> Call:
    """Give the call that failed: behind a call of ours may stand one for credentials (AssumeRole)."""
    operation = str(getattr(error, "operation_name", "") or call.operation)
    if operation == call.operation:
        return call
    service = "sts" if operation.startswith("AssumeRole") else call.service
    return Call(service, operation, call.profile)


def _allowing(message: str, call: Call) -> str:
    """Say which IAM action is missing, as AWS's sentence names it."""
    found = _ACTION.search(message)
    asked = f"{_IAM_PREFIXES.get(call.service, call.service)}:{call.operation}"
    action = found["action"] if found else _IAM_ACTIONS.get(asked, asked)
    resource = f" on {found['resource'].rstrip('.')}" if found and found["resource"] else ""
    if "explicit deny" in message:
        return f"a policy denies {action}{resource} explicitly; an allow elsewhere does not lift it"
    if action == "sts:AssumeRole":
        return f"allow {action}{resource} to the caller, and the caller in the role's trust policy"
    return f"allow {action}{resource} to the caller"


def _filled(hint: str | None, call: Call) -> str | None:
    profile = f" --profile {call.profile}" if call.profile else ""
    return hint.format(profile=profile, login=f"aws sso login{profile}") if hint else None
