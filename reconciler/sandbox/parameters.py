"""SSM GetParameter and GetParameters on the seed's parameters, answered here as long as moto is not loaded.

moto starts with the same parameters and then answers every SSM call itself, so that there is one truth.
"""

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import rules, wire
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.seeds import Parameter, Seed
from reconciler.sandbox.wire import Answer, Call
from reconciler.sandbox.worlds import ACCOUNT, Body

_MODIFIED: Final = 1767225600.0


@rules.documented("SSM API reference, GetParameter: name, name:version or ARN; ParameterNotFound")
def get_parameter(call: Call, seed: Seed) -> Answer:
    """Show one parameter."""
    request = call.json()
    found = _find(call, seed, request.get("Name", ""), decrypt=request.get("WithDecryption", False))
    if found is None:
        raise Refusal("ParameterNotFound", "")
    return wire.json_answer({"Parameter": found})


@rules.documented(
    "SSM API reference, GetParameters: 1 to 10 names; what is not there is in InvalidParameters"
)
def get_parameters(call: Call, seed: Seed) -> Answer:
    """Show up to ten parameters."""
    request = call.json()
    names = request.get("Names", [])
    if not 1 <= len(names) <= 10:
        message = (
            f"1 validation error detected: Value '[{', '.join(names)}]' at 'names' failed to satisfy constraint: "
            "Member must have length less than or equal to 10"
        )
        raise Refusal("ValidationException", message)
    found = {name: _find(call, seed, name, decrypt=request.get("WithDecryption", False)) for name in names}
    return wire.json_answer(
        {
            "Parameters": [each for each in found.values() if each is not None],
            "InvalidParameters": [name for name, each in found.items() if each is None],
        }
    )


@rules.documented("SSM API reference, Parameter: Selector is the part after the name, with its colon")
@rules.reported("moto and recordings: without WithDecryption a SecureString's value is ciphertext")
def _find(call: Call, seed: Seed, asked: str, *, decrypt: bool) -> Body | None:
    prefix = f"arn:aws:ssm:{call.region}:{ACCOUNT}:parameter"
    bare = asked.removeprefix(prefix) if asked.startswith(prefix) else asked
    name, colon, selector = bare.partition(":")
    parameter: Parameter | None = seed.parameters_of(call.region).get(name) or (
        seed.parameters_of(call.region).get(name.removeprefix("/")) if bare is not asked else None
    )
    if parameter is None:
        return None
    if colon and (not selector.isdigit() or not 1 <= int(selector) <= parameter.version):
        raise Refusal(
            "ParameterVersionNotFound", f"Systems Manager could not find version {selector} of {name}."
        )
    value = parameter.value
    if parameter.type == "SecureString" and not decrypt:
        value = f"kms:alias/aws/ssm:{len(value)}"
    return {
        "Name": parameter.name,
        "Type": parameter.type,
        "Value": value,
        "Version": int(selector) if colon else parameter.version,
        **({"Selector": f":{selector}"} if colon else {}),
        "LastModifiedDate": _MODIFIED,
        "ARN": f"{prefix}{'' if parameter.name.startswith('/') else '/'}{parameter.name}",
        "DataType": "text",
    }


OPERATIONS: Final[dict[tuple[str, str], Callable[[Call, Seed], Answer]]] = {
    ("ssm", "GetParameter"): get_parameter,
    ("ssm", "GetParameters"): get_parameters,
}
