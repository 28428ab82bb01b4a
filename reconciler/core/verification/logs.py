"""Log groups that containers write to by the driver `awslogs`, and, where asked for, whether they can be written to."""

from __future__ import annotations

from typing import Final

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, Path
from reconciler.core.verification import secrets
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    Verdict,
    failed,
    passed,
    skipped,
    unknown,
)
from reconciler.core.verification.reads import (
    Answer,
    Call,
    Denied,
    Found,
    Missing,
    Unanswered,
    assuming,
    call,
)
from reconciler.core.verification.scenes import EXPRESS, Scene

STREAM: Final = "reconciler-verify"
MESSAGE: Final = (
    "reconciler verify --put-logs was here: the execution role, or the caller, may write to this group"
)
_THERE_ALREADY: Final = "ResourceAlreadyExistsException"


def check(scene: Scene, configuration: Json, container: str, document: str, path: Path) -> Check | None:
    """Make the check of a `logConfiguration`; None for other drivers, and where no group is named (a rule's to say)."""
    options = at(configuration, "options")
    group, region = at(options, "awslogs-group"), at(options, "awslogs-region")
    if at(configuration, "logDriver") != "awslogs" or not isinstance(group, str) or not group:
        return None
    made = str(at(options, "awslogs-create-group")).lower() == "true"
    prefix = at(options, "awslogs-stream-prefix")
    elsewhere = region if isinstance(region, str) and region != scene.region else ""
    place = (*path, "options", "awslogs-group")
    return of_group(
        scene, group, f"{prefix}/{container}" if prefix else container, document, place, elsewhere, made=made
    )


def of_group(
    scene: Scene, group: str, stream: str, document: str, path: Path, region: str = "", *, made: bool
) -> Check:
    """Make the check of a group, in which streams begin with `stream`; `made` says that ECS makes it if need be."""
    read = call("logs", "DescribeLogGroups", region=region, logGroupNamePrefix=group)

    def judge(answers: Answers) -> Judged:
        answer = answers[read]
        verdict = _existence(answer, group, made=made, express=document == EXPRESS)
        there = isinstance(answer, Found) and _holds(answer, group)
        if not scene.put_logs:
            return [verdict]
        if not there and not isinstance(answer, Denied):
            return [verdict, skipped("nothing was written to it")]
        written = _written(scene, answers, group, f"{stream}/{STREAM}", region)
        return written if isinstance(written, Needs) else [*([verdict] if there else []), written]

    return Check(subject=f"log group {group}", document=document, path=path, reads=(read,), judge=judge)


def secret_options(configuration: Json, document: str, path: Path) -> tuple[secrets.Wanted, ...]:
    """Give the secrets that a log driver is given."""
    return tuple(
        secrets.Wanted(
            f"secret of the log driver {item.get('name')}",
            item.get("valueFrom"),
            document,
            (*path, "secretOptions", index, "valueFrom"),
        )
        for index, item in enumerate(objects(at(configuration, "secretOptions")))
    )


def _holds(answer: Found, group: str) -> bool:
    return any(each.get("logGroupName") == group for each in objects(answer.body.get("logGroups")))


def _existence(answer: Answer, group: str, *, made: bool, express: bool) -> Verdict:
    if not isinstance(answer, Found | Missing):
        return unknown(answer, f"log group {group}")
    if isinstance(answer, Found) and _holds(answer, group):
        return passed()
    if made:
        return passed(
            "not there yet; it is made when the first task starts, if the role may logs:CreateLogGroup"
        )
    hint = "create it, or set awslogs-create-group and allow the execution role logs:CreateLogGroup"
    if express:
        hint = "create it, or leave awsLogsConfiguration out: ECS makes a group then"
    return failed(f"there is no log group {group}", hint)


def _written(scene: Scene, answers: Answers, group: str, stream: str, region: str) -> Verdict | Needs:
    """Write a line, and judge what came of it."""
    role = secrets.reader(scene, answers)
    if role is None:
        return Needs((assuming(scene.execution_role),))
    made = call("logs", "CreateLogStream", region=region, role=role, logGroupName=group, logStreamName=stream)
    event: Json = [{"timestamp": int(scene.stamp * 1000), "message": MESSAGE}]
    put = call(
        "logs",
        "PutLogEvents",
        region=region,
        role=role,
        logGroupName=group,
        logStreamName=stream,
        logEvents=event,
    )
    for write in (made, put):
        if write not in answers:
            return Needs((write,))
        answer = answers[write]
        if isinstance(answer, Found) or (isinstance(answer, Unanswered) and answer.code == _THERE_ALREADY):
            continue
        return _not_written(write, answer, role)
    return passed(f"written to its stream {stream}")


def _not_written(write: Call, answer: Answer, role: str) -> Verdict:
    if isinstance(answer, Denied):
        who = "the execution role" if role else "the caller"
        hint = f"allow {answer.action} to {who}"
        return failed(f"{who} may not write to it: {answer.action} is denied", hint)
    if isinstance(answer, Missing):
        return failed("it cannot be written to: it is not there", "create it")
    said = "" if isinstance(answer, Found) else answer.what
    return failed(f"it cannot be written to: {write.operation}: {said}", "try again")
