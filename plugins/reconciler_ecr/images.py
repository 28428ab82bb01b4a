"""Asking ECR for the digests of tags.

DescribeImages gives for a tag the digest of the manifest, or of the list of manifests, that it names; it fails with
``ImageNotFoundException`` or ``RepositoryNotFoundException`` (API model 2015-09-21). The registry's host name is that
of the reference, else the one in ``repositoryUri``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from reconciler.plugin import (
    Address,
    AwsClient,
    AwsDenied,
    AwsError,
    AwsOptions,
    ConfigError,
    Context,
    Denied,
    NotFound,
    Remembering,
    ResolveError,
    Source,
    Value,
    refusal,
)

DIGEST: Final = "digest "
HINT: Final = "ecr_image `app:1.2.3`, or with the registry before it"
_LISTED: Final = 1000  # images or repositories, for near misses
_REFERENCE: Final = re.compile(
    r"(?:(?P<host>(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+)/)?"
    r"(?P<repository>(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image as it is referred to. `host`, `account` and `region` are empty for the run's own registry."""

    repository: str
    tag: str = ""
    digest: str = ""
    host: str = ""
    account: str = ""
    region: str = ""

    @classmethod
    def parse(cls, text: str) -> Image:
        """Read ``[REGISTRY/]REPOSITORY[:TAG][@DIGEST]``. ConfigError for what is none in ECR."""
        found = _REFERENCE.fullmatch(text)
        first, slash, _ = text.partition("/")
        if found is None or (slash and not found["host"] and ("." in first or ":" in first)):
            raise ConfigError(f"{text} is no image in a private registry of ECR", hint=HINT)
        given = {name: value or "" for name, value in found.groupdict().items()}
        if not given["tag"] and not given["digest"]:
            given["tag"] = "latest"
        return cls(**given)

    def __str__(self) -> str:
        """Give the reference."""
        registry = f"{self.host}/" if self.host else ""
        tag, digest = f":{self.tag}" * bool(self.tag), f"@{self.digest}" * bool(self.digest)
        return f"{registry}{self.repository}{tag}{digest}"

    @property
    def place(self) -> dict[str, str]:
        """Give what names the repository in a request."""
        own = {"registryId": self.account} if self.account else {}
        return {"repositoryName": self.repository, **own}


class ImageResolver(Remembering):
    """Answers addresses by DescribeImages; a tag is asked for once."""

    def __init__(self, context: Context) -> None:
        """Use the run's client, or one of the region that a reference names."""
        super().__init__()
        self._context = context
        self._digests: dict[Image, str] = {}

    def read(self, address: Address, /) -> Value:
        """Give an image by its digest, or the digest."""
        try:
            image = Image.parse(address.path.removeprefix(DIGEST))
        except ConfigError as error:
            raise NotFound(error.what, hint=error.hint, address=str(address)) from None
        digest = self._digests.get(image)
        if digest is None:
            digest = self._digests.setdefault(image, self._digest(image, address))
        source = Source(str(image), version=digest)
        if address.path.startswith(DIGEST):
            return Value(digest, source=source)
        uri = f"{image.host}/{image.repository}" if image.host else self._uri(image, address)
        return Value(f"{uri}@{digest}", source=source)

    def _client(self, image: Image) -> AwsClient:
        if image.region:
            return self._context.client("ecr", AwsOptions(region=image.region))
        return self._context.client("ecr")

    def _digest(self, image: Image, address: Address) -> str:
        wanted = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
        try:
            found = self._client(image).call("DescribeImages", **image.place, imageIds=[wanted])[
                "imageDetails"
            ]
        except AwsError as error:
            raise self._fault(error, image, address) from error
        if not found:
            raise self._no_image(image, address)
        return str(found[0]["imageDigest"])

    def _uri(self, image: Image, address: Address) -> str:
        names = {**image.place, "repositoryNames": [image.repository]}
        del names["repositoryName"]
        try:
            found = self._client(image).call("DescribeRepositories", **names)["repositories"]
        except AwsError as error:
            raise self._fault(error, image, address, "ecr:DescribeRepositories") from error
        return str(found[0]["repositoryUri"])

    def _fault(
        self, error: AwsError, image: Image, address: Address, action: str = "ecr:DescribeImages"
    ) -> ResolveError:
        if isinstance(error, AwsDenied):
            return Denied(
                f"AWS does not let the images of the repository {image.repository} be described",
                hint=f"allow {action} on it; in another account its own policy has to allow that too",
                address=str(address),
            )
        match error.code:
            case "RepositoryNotFoundException":
                return self._no_repository(image, address)
            case "ImageNotFoundException":
                return self._no_image(image, address)
        return refusal(error, address)

    def _no_repository(self, image: Image, address: Address) -> NotFound:
        names: list[str] = []
        with suppress(AwsError):  # near misses are a courtesy, which takes a right of its own
            own = {"registryId": image.account} if image.account else {}
            limits = {"PageSize": _LISTED, "MaxItems": _LISTED}
            for page in self._client(image).pages("DescribeRepositories", **own, PaginationConfig=limits):
                names += [str(each["repositoryName"]) for each in page.get("repositories", ())]
        return NotFound(
            f"there is no repository {image.repository}",
            hint="check its name, the region and the account",
            address=str(address),
            near=tuple(get_close_matches(image.repository, names, n=3)),
        )

    def _no_image(self, image: Image, address: Address) -> NotFound:
        tags = self._newest(image)
        # They come in no order, and no more are asked for: of so many others may be newer.
        called = "the newest tags are" if len(tags) < _LISTED else "there are"
        shown = f"; {called} {', '.join(tags[:3])}" if tags else ""
        return NotFound(
            f"the repository {image.repository} has no image with the {image.digest or f'tag {image.tag}'}",
            hint=f"push it first, or check the name{shown}",
            address=str(address),
            near=tuple(get_close_matches(image.tag, tags, n=3)) if image.tag else (),
        )

    def _newest(self, image: Image) -> list[str]:
        """Give tags, those of what was pushed last first."""
        found: list[Mapping[str, Any]] = []
        with suppress(AwsError):
            limits = {"PageSize": _LISTED, "MaxItems": _LISTED}
            pages = self._client(image).pages(
                "DescribeImages", **image.place, filter={"tagStatus": "TAGGED"}, PaginationConfig=limits
            )
            found = [each for page in pages for each in page.get("imageDetails", ())]
        found.sort(key=lambda each: float(each.get("imagePushedAt") or 0), reverse=True)
        return [str(tag) for each in found for tag in each.get("imageTags", ())]
