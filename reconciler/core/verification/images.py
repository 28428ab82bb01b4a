"""Images of containers: they exist, under tag or digest, and are built for the task's platform.

References are read as Docker reads them: what stands before the first slash is a host if it holds a dot or a colon or
is ``localhost``; what has no host is Docker Hub's, and what has no slash there is in ``library``. A digest outdoes a
tag.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from reconciler.core.kinds.combinations.cases import objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import platforms
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    Verdict,
    failed,
    passed,
    settled,
    skipped,
    unknown,
)
from reconciler.core.verification.platforms import Platform
from reconciler.core.verification.reads import (
    Answer,
    Call,
    Denied,
    Download,
    Found,
    Manifest,
    Missing,
    call,
)
from reconciler.core.verification.scenes import Scene

DOCKER_HUB: Final = "registry-1.docker.io"
MEDIA_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ECR: Final = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)"
)
_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*")


class Image(NamedTuple):
    """A reference taken apart. `host` is the registry to ask; `tag` is ``latest`` where neither is given."""

    host: str
    repository: str
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        """Give what names the image in its repository."""
        return self.digest or self.tag


def parse(text: str) -> Image | None:
    """Take a reference apart; None where it is none."""
    rest, at_sign, digest = text.partition("@")
    head, slash, tail = rest.partition("/")
    hosted = bool(slash) and ("." in head or ":" in head or head == "localhost")
    host, path = (head, tail) if hosted else ("docker.io", rest)
    path, colon, tag = path.partition(":")
    if host in ("docker.io", "index.docker.io"):
        host, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
    if not _NAME.fullmatch(path) or (colon and not tag) or (at_sign and ":" not in digest):
        return None
    return Image(host, path, tag or ("" if digest else "latest"), digest)


def check(scene: Scene, container: JsonObject, document: str, path: Path) -> Check | None:
    """Make the check of a container's image; `path` is the container's place. None without one, as rules say of it."""
    text = container.get("image")
    if not isinstance(text, str) or not text:
        return None
    subject, place = f"image {text}", (*path, "image")
    image = parse(text)
    if image is None:
        wrong = failed(f"{text} is no reference to an image", "write [REGISTRY/]REPOSITORY[:TAG][@DIGEST]")
        return Check(subject=subject, document=document, path=place, judge=settled([wrong]))
    platform = platforms.wanted(scene)
    private = _ECR.fullmatch(image.host)
    if private:
        read = _manifest_in_ecr(scene, image, private["account"], private["region"])
        return Check(
            subject=subject,
            document=document,
            path=place,
            reads=(read,),
            judge=lambda answers: _in_ecr(answers, read, image, text, platform),
        )
    if container.get("repositoryCredentials"):
        said = skipped(
            f"{image.host} is asked with credentials that only ECS is given (repositoryCredentials)"
        )
        return Check(subject=subject, document=document, path=place, judge=settled([said]))
    asked = Manifest(image.host, image.repository, image.reference, whole=any(platform))
    return Check(
        subject=subject,
        document=document,
        path=place,
        reads=(asked,),
        judge=lambda answers: _in_registry(answers, asked, text, platform, fargate=scene.on_fargate),
    )


def _manifest_in_ecr(scene: Scene, image: Image, account: str, region: str) -> Call:
    wanted = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
    return call(
        "ecr",
        "BatchGetImage",
        region="" if region == scene.region else region,
        registryId=account,
        repositoryName=image.repository,
        imageIds=[wanted],
        acceptedMediaTypes=list(MEDIA_TYPES),
    )


def _in_ecr(answers: Answers, read: Call, image: Image, text: str, platform: Platform) -> Judged:
    answer = answers[read]
    if isinstance(answer, Missing) or (isinstance(answer, Found) and not objects(answer.body.get("images"))):
        # ECR makes the repository, and fetches the tag, when it is pulled (ECR user guide, pull through cache rules).
        rules = _cache_rules(read)
        if rules not in answers:
            return Needs((rules,))
        if upstream := _upstream(answers[rules], image.repository):
            return [skipped(f"not there yet; the first pull fetches it from {upstream}")]
    if isinstance(answer, Missing):
        account = f"{read.parameters['registryId']}{f' in {read.region}' if read.region else ''}"
        what = f"there is no repository {image.repository} in account {account}"
        return [failed(what, "create it, or correct the image")]
    if not isinstance(answer, Found):
        return [unknown(answer, f"image {text}")]
    found = objects(answer.body.get("images"))
    if not found:
        what = f"the repository {image.repository} has no {'digest' if image.digest else 'tag'} {image.reference}"
        return [failed(what, "push it, or correct the image")]
    manifest = _document(found[0].get("imageManifest"))
    there = platforms.built(manifest)
    digest = platforms.config_digest(manifest)
    if there is None and digest and any(platform):
        layer = call(
            "ecr",
            "GetDownloadUrlForLayer",
            region=read.region,
            registryId=read.parameters["registryId"],
            repositoryName=image.repository,
            layerDigest=digest,
        )
        if layer not in answers:
            return Needs((layer,))
        where = answers[layer]
        if not isinstance(where, Found):
            return _unplaced(platform, "GetDownloadUrlForLayer does not answer" if not isinstance(where, Denied)
                             else f"{where.action} is denied")  # fmt: skip
        config = Download(str(where.body.get("downloadUrl")))
        if config not in answers:
            return Needs((config,))
        answered = answers[config]
        there = platforms.built(manifest, answered.body) if isinstance(answered, Found) else None
    return _placed(text, platform, there)


def _cache_rules(read: Call) -> Call:
    """Give the call that lists the rules by which a registry fetches from others."""
    return call(
        "ecr",
        "DescribePullThroughCacheRules",
        region=read.region,
        member="pullThroughCacheRules",
        registryId=read.parameters["registryId"],
    )


def _upstream(answer: Answer, repository: str) -> str:
    """Give where a repository's images are fetched from; empty where no rule is about it. ``ROOT`` is about all."""
    for rule in objects(answer.body.get("pullThroughCacheRules")) if isinstance(answer, Found) else ():
        prefix = rule.get("ecrRepositoryPrefix")
        if prefix == "ROOT" or (isinstance(prefix, str) and repository.startswith(f"{prefix}/")):
            return str(rule.get("upstreamRegistryUrl") or "another registry")
    return ""


def _in_registry(answers: Answers, read: Manifest, text: str, platform: Platform, *, fargate: bool) -> Judged:
    answer = answers[read]
    if isinstance(answer, Missing):
        return [
            failed(f"{read.host} has no {read.repository} {read.reference}", "push it, or correct the image")
        ]
    if isinstance(answer, Denied):
        what = f"{read.host} does not show {read.repository} to everybody: it is private, or not there"
        hint = "give the container repositoryCredentials, or correct the image"
        return [
            failed(what, hint) if fargate else skipped(f"{what}; the instances may have credentials", hint)
        ]
    if not isinstance(answer, Found):
        return [unknown(answer, f"image {text}")]
    manifest = answer.body.get("manifest")
    if not isinstance(manifest, dict):
        return [passed()]
    return _placed(text, platform, platforms.built(manifest, answer.body.get("config")))


def _placed(text: str, platform: Platform, there: tuple[Platform, ...] | None) -> list[Verdict]:
    if not any(platform):
        return [passed()]
    if there is None:
        return _unplaced(platform, "its manifest does not say")
    return [platforms.judge(text, platform, there)]


def _unplaced(platform: Platform, why: str) -> list[Verdict]:
    return [passed(), skipped(f"whether it is built for {platform} is not known: {why}")]


def _document(text: Json) -> JsonObject:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
