"""How AWS throttles calls of ECS, as its developer guide states it: burst and calls a second, by category."""

from typing import Any, Final

_CATEGORIES: Final = (
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

DOCUMENTED: Final[dict[str, Any]] = {
    operations: {"burst": burst, "rate": rate} for burst, rate, operations in _CATEGORIES
}
