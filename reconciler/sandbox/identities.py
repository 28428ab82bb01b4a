"""STS GetCallerIdentity, answered here so that a demonstration need not wait for moto to load."""

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import rules, wire
from reconciler.sandbox.seeds import Seed
from reconciler.sandbox.wire import Answer, Call
from reconciler.sandbox.worlds import ACCOUNT, CALLER


@rules.documented("STS API reference, GetCallerIdentity: query protocol, version 2011-06-15")
def get_caller_identity(_call: Call, _seed: Seed) -> Answer:
    """Say who calls: one user, whatever the credentials."""
    return wire.xml_answer(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{CALLER}</Arn><UserId>AIDASANDBOX0000000000</UserId><Account>{ACCOUNT}</Account>"
        "</GetCallerIdentityResult><ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId>"
        "</ResponseMetadata></GetCallerIdentityResponse>"
    )


OPERATIONS: Final[dict[tuple[str, str], Callable[[Call, Seed], Answer]]] = {
    ("sts", "GetCallerIdentity"): get_caller_identity
}
