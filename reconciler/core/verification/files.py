"""Files in S3 that tasks begin with: environment files, and configurations of FireLens."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import arns
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    failed,
    passed,
    settled,
    skipped,
    unknown,
)
from reconciler.core.verification.reads import Denied, Found, Missing, call


def checks(container: JsonObject, document: str, path: Path) -> Iterator[Check]:
    """Make the checks of a container's files."""
    for index, item in enumerate(objects(container.get("environmentFiles"))):
        place = (*path, "environmentFiles", index, "value")
        yield _check("environment file", item.get("value"), document, place, suffix=".env")
    options = at(container, "firelensConfiguration", "options")
    if at(options, "config-file-type") == "s3":
        place = (*path, "firelensConfiguration", "options", "config-file-value")
        yield _check("FireLens configuration", at(options, "config-file-value"), document, place)


def _check(what: str, reference: Json, document: str, path: Path, *, suffix: str = "") -> Check:
    subject = f"{what} {reference}"
    arn = arns.parse(reference)
    bucket, slash, key = arn.rest.partition("/") if arn is not None and arn.service == "s3" else ("", "", "")
    if not slash or not key:
        wrong = failed(f"{reference} is no ARN of an object", "write arn:aws:s3:::BUCKET/KEY")
        return Check(subject=subject, document=document, path=path, judge=settled([wrong]))
    if not key.endswith(suffix):  # developer guide, "Pass an environment variables file"
        wrong = failed(f"the name of an {what} ends in {suffix}", "rename it")
        return Check(subject=subject, document=document, path=path, judge=settled([wrong]))
    read = call("s3", "HeadObject", Bucket=bucket, Key=key)

    def judge(answers: Answers) -> Judged:
        answer = answers[read]
        if isinstance(answer, Found):
            return [passed()]
        if isinstance(answer, Missing):
            return [failed(f"there is no {key} in the bucket {bucket}", "upload it, or correct the ARN")]
        if isinstance(
            answer, Denied
        ):  # S3 API reference, HeadObject: 403 for what is missing without s3:ListBucket
            what = f"not known: {answer.action} is denied, or it is not there (S3 says so only with s3:ListBucket)"
            return [skipped(what, f"allow {answer.action} and s3:ListBucket")]
        return [unknown(answer, key)]

    return Check(subject=subject, document=document, path=path, reads=(read,), judge=judge)
