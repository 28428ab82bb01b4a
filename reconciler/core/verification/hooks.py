"""What a deployment waits for: functions that are its hooks, alarms, and the group of CodeDeploy's that deploys it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import arns, lookups, roles
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    State,
    Verdict,
    failed,
    passed,
    settled,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Ask, Found, call
from reconciler.core.verification.scenes import PROJECT, SERVICE, Scene

_CODEDEPLOY: Final = "codedeploy.amazonaws.com"
"""Who assumes the role of a deployment group (CodeDeploy user guide, "Create a service role")."""
GROUP: Final = Ask("deployment group")
"""The deployment group, as BatchGetDeploymentGroups describes it."""


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of a service's hooks and alarms."""
    configuration = scene.service.get("deploymentConfiguration")
    for index, hook in enumerate(objects(at(configuration, "lifecycleHooks"))):
        path: Path = ("deploymentConfiguration", "lifecycleHooks", index)
        if hook.get("targetType") == "PAUSE":
            said = passed("a rollout stops there until `reconciler continue`")
            yield Check(subject="lifecycle hook PAUSE", document=SERVICE, path=path, judge=settled([said]))
            continue
        yield _function(scene, "lifecycle hook", hook.get("hookTargetArn"), SERVICE, (*path, "hookTargetArn"))
        role = roles.check(
            scene, "role for the hook", hook.get("roleArn"), roles.SERVICES, SERVICE, (*path, "roleArn")
        )
        if role is not None:
            yield role
    names = at(configuration, "alarms", "alarmNames")
    if isinstance(names, list | tuple) and names and at(configuration, "alarms", "enable") is not False:
        yield _alarms([str(name) for name in names], ("deploymentConfiguration", "alarms", "alarmNames"))
    if scene.case.controller == "CODE_DEPLOY":
        yield Check(
            subject="CodeDeploy",
            document=PROJECT,
            path=("codedeploy",),
            reads=(GROUP,),
            judge=lambda answers: _group(scene, answers),
        )
        for index, (event, function) in enumerate(scene.hooks):
            yield _function(scene, event, function, PROJECT, ("appspec", "Hooks", index, event))


def _function(scene: Scene, what: str, name: Json, document: str, path: Path) -> Check:
    short = str(name).rpartition(":function:")[2]
    if not isinstance(name, str) or not name:
        wrong = failed("the hook names no function", "add hookTargetArn, or targetType PAUSE")
        return Check(subject=what, document=document, path=path[:-1], judge=settled([wrong]))
    read = call(
        "lambda", "GetFunctionConfiguration", region=arns.region_of(name, scene.region), FunctionName=name
    )

    def judge(answer: Found) -> list[Verdict]:
        state = answer.body.get("State")
        if state == "Failed":
            return [
                failed("the function is in the state Failed", "see StateReason of GetFunctionConfiguration")
            ]
        return [passed()]

    return lookups.simple(f"{what} {short}", read, document, path, judge, thing=f"function {short}")


def _alarms(names: list[str], path: Path) -> Check:
    read = call(
        "cloudwatch", "DescribeAlarms", AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )

    def judge(answers: Answers) -> Judged:
        answer = answers[read]
        if not isinstance(answer, Found):
            return [unknown(answer, "alarms")]
        states = _states(answer)
        if lacking := [name for name in names if name not in states]:
            # Asked for by itself: what knows no alarms of this newer type refuses the whole call.
            logged = call("cloudwatch", "DescribeAlarms", AlarmNames=lacking, AlarmTypes=["LogAlarm"])
            if logged not in answers:
                return Needs((logged,))
            more = answers[logged]
            states |= _states(more) if isinstance(more, Found) else {}
        verdicts: list[Verdict] = []
        for index, name in enumerate(names):
            if name not in states:
                hint = "create it, or correct its name"
                verdicts.append(failed(f"there is no alarm {name}", hint, (*path, index)))
            elif states[name] == "ALARM":
                # Developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures".
                what = f"the alarm {name} is in ALARM now: a deployment that begins so is not watched by it"
                verdicts.append(warned(what, "see to it first", (*path, index)))
        return verdicts or [passed()]

    subject = f"alarms {', '.join(names)}"
    return Check(subject=subject, document=SERVICE, path=path, reads=(read,), judge=judge)


def _states(answer: Found) -> dict[str, Json]:
    found = [
        each
        for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms")
        for each in objects(answer.body.get(kind))
    ]
    return {str(each.get("AlarmName")): each.get("StateValue") for each in found}


def _group(scene: Scene, answers: Answers) -> Judged:
    """Judge the deployment group: its role, and the pair of target groups that traffic goes over between."""
    answer = answers[GROUP]
    if not isinstance(answer, Found):
        return [unknown(answer, "deployment group")]
    body = answer.body
    role, pair = body.get("serviceRoleArn"), _pair(body)
    reads = [roles.read(role)] if isinstance(role, str) else []
    # One by one, since an answer about several does not say which of them is missing.
    described = {name: call("elbv2", "DescribeTargetGroups", Names=[name]) for name in pair}
    reads += described.values()
    if any(read not in answers for read in reads):
        return Needs(tuple(reads))
    verdicts = [passed(f"{body.get('applicationName')} / {body.get('deploymentGroupName')}")]
    if isinstance(role, str):
        verdict = roles.judge(answers[roles.read(role)], role, _CODEDEPLOY, scene)
        verdicts += [verdict] if verdict.state is not State.PASSED else []
    own = {arns.short(item.get("targetGroupArn")) for item in objects(scene.service.get("loadBalancers"))}
    lacking = [
        unknown(answer, f"target group {name}", part=f"its target group {name}")
        for name, read in described.items()
        if not isinstance(answer := answers[read], Found)
    ]
    if pair and own and not lacking and not own & set(pair):
        what = f"its target groups are {' and '.join(pair)}, and the service has {' and '.join(sorted(own))}"
        lacking.append(failed(what, "correct the deployment group, or the service"))
    return verdicts + lacking


def _pair(group: JsonObject) -> tuple[str, ...]:
    pairs = objects(at(group, "loadBalancerInfo", "targetGroupPairInfoList"))
    return tuple(str(each.get("name")) for pair in pairs for each in objects(pair.get("targetGroups")))
