"""The resolver `cloudformation`: outputs of stacks, and exports.

``cfn_output STACK KEY`` gives an output of a stack (its name or ARN), ``cfn_export NAME`` what a stack exports under
a name in this region. The path of an address is ``STACK.KEY``, or ``export:NAME``; stacks' names hold neither.
"""

from __future__ import annotations

from reconciler.plugin import Config, Context, Json, Resolver, ResolverPlugin, check_settings, named
from reconciler_cloudformation import stacks


def cfn_output(stack: Json, key: Json, /) -> str:
    """Give the path of an output of a stack."""
    hint = "cfn_output `network` `VpcId`"
    return f"{named(stack, 'the name of a stack', hint)}.{named(key, 'the key of an output', hint)}"


def cfn_export(name: Json, /) -> str:
    """Give the path of an export."""
    return f"{stacks.EXPORT}{named(name, 'the name of an export', 'cfn_export `network-vpc-id`')}"


def _open(context: Context, config: Config) -> Resolver:
    check_settings("cloudformation", config)
    return stacks.StackResolver(context)


def _actions(_config: Config) -> tuple[str, ...]:
    return ("cloudformation:DescribeStacks", "cloudformation:ListExports", "cloudformation:ListStacks")


plugin = ResolverPlugin(
    open=_open, functions={"cfn_output": cfn_output, "cfn_export": cfn_export}, actions=_actions, common=True
)
