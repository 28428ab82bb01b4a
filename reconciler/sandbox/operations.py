"""Which operation of ECS is answered by which function. What is not listed here is not simulated, and says so."""

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import (
    accounts,
    clusters,
    controllers,
    deployments,
    interventions,
    records,
    services,
    sessions,
    standalones,
    tagging,
    taskdefinitions,
    tasks,
)
from reconciler.sandbox.worlds import Body, World

Operation = Callable[[World, Body], Body]

OPERATIONS: Final[dict[str, Operation]] = {
    "CreateCluster": clusters.create_cluster,
    "DescribeClusters": clusters.describe_clusters,
    "ListClusters": clusters.list_clusters,
    "DeleteCluster": clusters.delete_cluster,
    "RegisterTaskDefinition": taskdefinitions.register_task_definition,
    "DescribeTaskDefinition": taskdefinitions.describe_task_definition,
    "ListTaskDefinitions": taskdefinitions.list_task_definitions,
    "ListTaskDefinitionFamilies": taskdefinitions.list_task_definition_families,
    "DeregisterTaskDefinition": taskdefinitions.deregister_task_definition,
    "DeleteTaskDefinitions": taskdefinitions.delete_task_definitions,
    "CreateService": services.create_service,
    "UpdateService": services.update_service,
    "DeleteService": services.delete_service,
    "DescribeServices": services.describe_services,
    "ListServices": services.list_services,
    "DescribeTaskSets": controllers.describe_task_sets,
    "RunTask": standalones.run_task,
    "ListTasks": tasks.list_tasks,
    "DescribeTasks": tasks.describe_tasks,
    "StopTask": tasks.stop_task,
    "ExecuteCommand": sessions.execute_command,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "ListTagsForResource": tagging.list_tags_for_resource,
    "ListServiceDeployments": records.list_service_deployments,
    "DescribeServiceDeployments": records.describe_service_deployments,
    "StopServiceDeployment": interventions.stop_service_deployment,
    "ContinueServiceDeployment": interventions.continue_service_deployment,
    "DescribeServiceRevisions": deployments.describe_service_revisions,
    "ListAccountSettings": accounts.list_account_settings,
    "PutAccountSetting": accounts.put_account_setting,
    "PutAccountSettingDefault": accounts.put_account_setting,
}
