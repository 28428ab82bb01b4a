"""How AWS throttles calls, as its documents state it: burst and calls a second, by category of operations.

What a run keeps to (`aws.rates`) and what the sandbox throttles by (`sandbox.faults`) is this one table: it says what
AWS publishes, and proves nothing about either.
"""

from typing import Any, Final

_ECS: Final = (
    (20, 1, "CreateCluster,DeleteCluster,PutClusterCapacityProviders,UpdateCluster,UpdateClusterSettings"),
    (50, 20, "DescribeClusters,ListClusters"),
    (20, 1, "DeregisterTaskDefinition,RegisterTaskDefinition"),
    (50, 20, "DescribeTaskDefinition,ListTaskDefinitions,ListTaskDefinitionFamilies"),
    (5, 1, "DeleteTaskDefinitions"),
    (10, 1, "CreateCapacityProvider,DeleteCapacityProvider,UpdateCapacityProvider"),
    (50, 20, "DescribeCapacityProviders"),
    (20, 10, "TagResource,UntagResource"),
    (50, 20, "ListTagsForResource"),
    (10, 1, "DeleteAccountSetting,PutAccountSetting,PutAccountSettingDefault"),
    (50, 20, "ListAccountSettings"),
    (100, 40, "ExecuteCommand,RunTask,StartTask,StopTask"),
    (100, 20, "DescribeContainerInstances,DescribeTasks,ListAttributes,ListContainerInstances,ListTasks"),
    (50, 5, "CreateService,DeleteService,UpdateService"),
    (100, 20, "DescribeServices,ListServices"),
    (50, 20, "DescribeServiceDeployments,ListServiceDeployments"),
    (50, 20, "DescribeServiceRevisions"),
    (200, 80, "UpdateTaskProtection,GetTaskProtection"),
    (10, 1, "ListServicesByNamespace"),
)
"""From the table of "Request throttling for the Amazon ECS API"; the operations of a category share their tokens."""

_OTHERS: Final = (
    ("ssm", 40, 40, "GetParameter,GetParameters,GetParametersByPath"),
    ("cloudtrail", 2, 2, "LookupEvents"),
    ("elbv2", 40, 10, "DescribeTargetHealth,DescribeTargetGroups,DescribeListeners,DescribeLoadBalancers"),
)
"""From "Systems Manager endpoints and quotas" (default throughput), "Quotas in CloudTrail" and "Request throttling for
the Elastic Load Balancing API" (calls that change nothing). Where a document names no burst, it is a second's calls.
STS allows six hundred a second, and of Application Auto Scaling nothing is published: neither is kept to."""

DOCUMENTED: Final[dict[str, Any]] = {
    operations: {"burst": burst, "rate": rate} for burst, rate, operations in _ECS
}
"""The categories of ECS, as limits of the sandbox."""

CATEGORIES: Final[tuple[tuple[str, int, int, frozenset[str]], ...]] = tuple(
    (service, burst, rate, frozenset(operations.split(",")))
    for service, burst, rate, operations in (*(("ecs", *category) for category in _ECS), *_OTHERS)
)
"""Service by botocore's name, burst, calls a second, and the operations that share them."""
