"""STS, answered here so that a demonstration need not wait for moto to load.

An access key tells the account that it is of, as AWS's own do (IAM user guide, "Identify credentials by unique ID"), so
that nothing has to be remembered of whom a role was given to.
"""

import base64
import binascii
import re
import time
from collections.abc import Callable
from typing import Final

from reconciler.sandbox import rules, wire
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.seeds import Seed
from reconciler.sandbox.wire import Answer, Call
from reconciler.sandbox.worlds import ACCOUNT, CALLER

_ROLE: Final = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/(?:[!-~]*/)?(?P<name>[\w+=,.@-]{1,64})\Z"
)
_SESSION: Final = re.compile(r"[\w+=,.@-]{2,64}\Z")
_ASSUMED: Final = re.compile(r"ASIA(?P<account>\d{12})(?P<name>[A-Z2-7]*)\Z")
_SECONDS: Final = 3600
_METADATA: Final = (
    "<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>"
)


@rules.documented("STS API reference, GetCallerIdentity: query protocol, version 2011-06-15")
def get_caller_identity(call: Call, _seed: Seed) -> Answer:
    """Say who calls: a role that was assumed, else one user, whatever the credentials."""
    account, arn, identity = ACCOUNT, CALLER, "AIDASANDBOX0000000000"
    if found := _ASSUMED.match(call.access_key):
        name = _name(found["name"])
        account, identity = found["account"], f"AROASANDBOX0000000000:{name.rpartition('/')[2]}"
        arn = f"arn:aws:sts::{account}:assumed-role/{name}"
    return wire.xml_answer(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>{identity}</UserId><Account>{account}</Account>"
        f"</GetCallerIdentityResult>{_METADATA}</GetCallerIdentityResponse>"
    )


@rules.documented("STS API reference, AssumeRole: the response's members; keys of a role begin with ASIA")
@rules.guessed("the wording; whoever asks may assume any role, which need not be there")
def assume_role(call: Call, _seed: Seed) -> Answer:
    """Give credentials of a role, whose account they are of from then on."""
    given = call.form()
    role = _ROLE.match(given.get("RoleArn", ""))
    session = given.get("RoleSessionName", "")
    if role is None or not _SESSION.match(session):
        wrong = "roleArn" if role is None else "roleSessionName"
        raise Refusal("ValidationError", f"1 validation error detected: Value at '{wrong}' is not valid")
    name = base64.b32encode(f"{role['name']}/{session}".encode()).decode().rstrip("=")
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + _SECONDS))
    return wire.xml_answer(
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>'
        f"<Arn>arn:aws:sts::{role['account']}:assumed-role/{role['name']}/{session}</Arn>"
        f"<AssumedRoleId>AROASANDBOX0000000000:{session}</AssumedRoleId></AssumedRoleUser><Credentials>"
        f"<AccessKeyId>ASIA{role['account']}{name}</AccessKeyId><SecretAccessKey>sandbox</SecretAccessKey>"
        f"<SessionToken>sandbox</SessionToken><Expiration>{expires}</Expiration></Credentials>"
        f"</AssumeRoleResult>{_METADATA}</AssumeRoleResponse>"
    )


@rules.documented("IAM user guide, identifiers: an access key tells the account that it is of")
def account(access_key: str) -> str:
    """Tell the account that a caller is of."""
    found = _ASSUMED.match(access_key)
    return found["account"] if found else ACCOUNT


def _name(encoded: str) -> str:
    """Give the names of role and session out of an access key."""
    try:
        return base64.b32decode(encoded + "=" * (-len(encoded) % 8)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "unknown/unknown"


@rules.documented("STS API reference, GetCallerIdentity: credentials of a role are told as that role")
def own(call: Call) -> bool:
    """Tell whether moto, when it runs, does not know better: of roles that were assumed here."""
    assumed = call.operation == "GetCallerIdentity" and _ASSUMED.match(call.access_key) is not None
    return call.service == "sts" and (assumed or call.operation == "AssumeRole")


OPERATIONS: Final[dict[tuple[str, str], Callable[[Call, Seed], Answer]]] = {
    ("sts", "GetCallerIdentity"): get_caller_identity,
    ("sts", "AssumeRole"): assume_role,
}
