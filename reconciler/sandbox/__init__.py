"""An AWS in a box: simulated ECS with real rollouts on a virtual clock, and moto behind it for the rest.

::

    with sandbox.serving(seed={"clusters": ["main"]}) as server:
        ecs = boto3.client("ecs", endpoint_url=server.endpoint_url, region_name="eu-west-1", …)
        ecs.create_service(…)
        server.advance(60)          # a minute of simulated time, at once

How it is built: `servers` speaks HTTP and calls a WSGI application; `applications` decides who answers; `wire` knows
the protocols. ECS is ours: `operations` names the functions of `clusters`, `capacityproviders`, `instances`,
`protections`, `taskdefinitions`, `services`, `expresses`, `controllers`, `standalones`, `tasks`, `tagging`,
`deployments`, `records`, `interventions` and `sessions`; `rollouts`, `strategies`, `hooks`, `failures`, `lifecycles`,
`mishaps` and `transitions` make things happen, to tasks as `taskbodies`, `overrides` and `volumes` have them, on the
agenda of `clocks`; `worlds` is the state, one `World` a region. `faults`, `knobs` and `scripts` (which `plays` play)
make it misbehave, `seeds` fill it, `control` is its remote control and `runs` starts commands against it. The
scalable targets of services are ours as well (`scalabletargets`), so are the health of their targets (`targets`),
what their containers write (`logs`) and the registry of their `images` (ECR's API is `registries`, what it leads to
`distributions`), what a seed says of EC2 (`networks`), target groups (`balancers`) and CloudFormation (`stacks`), and
so is CodeDeploy for ECS (`codedeploys`, whose deployments replace the `tasksets` of a service). Every other service
is moto's (`others`, from the extra `sandbox`), imported at the first call that needs it and given the calls of the
seed (`outsiders`); STS GetCallerIdentity (`identities`) and SSM GetParameter(s) (`parameters`) are answered here
until then, which spares a demonstration about a second, and STS AssumeRole always. The server is the standard
library's, so that ECS alone needs only botocore.

Where AWS's behaviour is not documented the simulation can be wrong. `rules` says of each rule where it is from.
An operation or option that is not simulated is refused with `NotSimulatedBySandbox`; nothing pretends.

The package shares no code with the rest of this project, only the table of how AWS throttles: what it is used to prove
must not prove itself.
Importing it is cheap; its names are imported on first use.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.sandbox.errors import SandboxError
    from reconciler.sandbox.servings import Serving, serving

__all__ = ["SandboxError", "Serving", "serving"]

_HOMES = {"SandboxError": "errors", "Serving": "servings", "serving": "servings"}


def __getattr__(name: str) -> object:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
