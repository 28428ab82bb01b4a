"""Tasks: listed, described, stopped. Services start them, and RunTask (`standalones`)."""

from reconciler.sandbox import clusters, pages, rules, transitions
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Task, World


@rules.documented("model, ListTasks: desiredStatus RUNNING unless asked otherwise; 100 a page; the filters")
@rules.reported("transcripts: an unknown serviceName is ServiceNotFoundException")
def list_tasks(world: World, request: Body) -> Body:
    """List the ARNs of a cluster's tasks."""
    cluster = clusters.find(world, request.get("cluster"))["clusterName"]
    service = (request.get("serviceName") or "").rpartition("/")[2]
    if service and (cluster, service) not in world.services:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    wanted: Body = {
        "desiredStatus": request.get("desiredStatus", "RUNNING"),
        **({"group": f"service:{service}"} if service else {}),
        **{name: request[name] for name in ("startedBy", "launchType") if name in request},
    }
    arns = [
        task.body["taskArn"]
        for task in world.tasks.values()
        if task.cluster == cluster
        and all(task.body.get(name) == value for name, value in wanted.items())
        and request.get("containerInstance", "").rpartition("/")[2] in ("", _instance(task))
        and request.get("family") in (None, _family(task))
    ]
    return pages.cut(arns, "taskArns", request)


def _instance(task: Task) -> str:
    return str(task.body.get("containerInstanceArn", "")).rpartition("/")[2]


def _family(task: Task) -> str:
    return str(task.body["taskDefinitionArn"]).rpartition("/")[2].partition(":")[0]


@rules.reported("copilot-cli#3551: Tasks cannot be empty.")
@rules.documented("model, DescribeTasks: up to 100; API failure reasons: MISSING; tags if included")
def describe_tasks(world: World, request: Body) -> Body:
    """Show tasks by id or ARN."""
    cluster = clusters.find(world, request.get("cluster"))["clusterName"]
    if not request["tasks"]:
        raise Refusal("InvalidParameterException", "Tasks cannot be empty.")
    if len(request["tasks"]) > 100:
        raise Refusal("InvalidParameterException", "Tasks cannot be more than 100.")
    shown, failures = [], []
    for reference in request["tasks"]:
        identity = reference.rpartition("/")[2]
        task = world.tasks.get(identity)
        if task is None or task.cluster != cluster:
            failures.append({"arn": world.arn("task", f"{cluster}/{identity}"), "reason": "MISSING"})
            continue
        tags = world.tags[task.body["taskArn"]] if "TAGS" in request.get("include", []) else []
        shown.append(task.body | {"tags": tags})
    return {"tasks": shown, "failures": failures}


@rules.documented("model, StopTask: stopCode UserInitiated; a service replaces the task")
@rules.reported("transcripts: The referenced task was not found.")
@rules.guessed("the reason without one given")
def stop_task(world: World, request: Body) -> Body:
    """Stop a task."""
    cluster = clusters.find(world, request.get("cluster"))["clusterName"]
    task = world.tasks.get(request["task"].rpartition("/")[2])
    if task is None or task.cluster != cluster:
        raise Refusal("InvalidParameterException", "The referenced task was not found.")
    transitions.stop(world, task, request.get("reason") or "Task stopped by user", "UserInitiated")
    return {"task": task.body}
