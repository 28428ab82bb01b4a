"""ECR: the repositories that a seed declares, what their images are, and what tasks can pull of them."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from reconciler.sandbox import images, pages, rules, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.images import Image, Repository
from reconciler.sandbox.outcomes import Fate, Outcome
from reconciler.sandbox.worlds import ACCOUNT, Body, World

SERVICE: Final = "ecr"
_HOST: Final = re.compile(r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(.+)")
_ARCHITECTURES: Final = {"X86_64": "amd64", "ARM64": "arm64"}
_VALID: Final = 12 * 3600


@rules.documented("ecr model, DescribeRepositories: all, or those named; RepositoryNotFoundException")
def describe_repositories(world: World, request: Body) -> Body:
    """Show repositories."""
    names = request.get("repositoryNames") or sorted(world.repositories)
    shown = [_shown(world, _find(world, request, name)) for name in names]
    return pages.cut(shown, "repositories", request)


@rules.documented("ecr model, CreateRepository: RepositoryAlreadyExistsException")
@rules.guessed("the wording")
def create_repository(world: World, request: Body) -> Body:
    """Make an empty repository."""
    name = request["repositoryName"]
    if name in world.repositories:
        message = f"The repository with name '{name}' already exists in the registry with id '{ACCOUNT}'"
        raise Refusal("RepositoryAlreadyExistsException", message)
    world.repositories[name] = Repository(name)
    return {"repository": _shown(world, world.repositories[name])}


@rules.documented("ecr model, Repository")
def _shown(world: World, repository: Repository) -> Body:
    return {
        "repositoryArn": f"arn:aws:ecr:{world.region}:{ACCOUNT}:repository/{repository.name}",
        "registryId": ACCOUNT,
        "repositoryName": repository.name,
        "repositoryUri": f"{ACCOUNT}.dkr.ecr.{world.region}.amazonaws.com/{repository.name}",
        "createdAt": world.began,
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


@rules.documented("ecr model: without a registryId it is the caller's registry")
@rules.reported("docker and users: The repository with name '…' does not exist in the registry with id '…'")
def _find(world: World, request: Body, name: str) -> Repository:
    registry = request.get("registryId") or ACCOUNT
    if registry != ACCOUNT or name not in world.repositories:
        message = f"The repository with name '{name}' does not exist in the registry with id '{registry}'"
        raise Refusal("RepositoryNotFoundException", message)
    return world.repositories[name]


@rules.documented("ecr model, DescribeImages: all, or those named; filter.tagStatus; ImageNotFoundException")
@rules.reported(
    "terraform-provider-aws#35268: The image with imageId {imageDigest:'null', imageTag:'…'} does not …"
)
def describe_images(world: World, request: Body) -> Body:
    """Show what there is of a repository's images, without their manifests."""
    repository = _find(world, request, request["repositoryName"])
    asked = request.get("imageIds")
    found = list(repository.images.values())
    if asked:
        chosen = {each.digest: each for each in (_asked(repository, one) for one in asked)}
        found = list(chosen.values())
    details = [_detail(world, repository, each) for each in found]
    shown = [each for each in details if _has_status(request, bool(each.get("imageTags")))]
    return pages.cut(shown, "imageDetails", request)


@rules.documented(
    "ecr model, ListImages: a pair of digest and tag for each tag; untagged ones by digest alone"
)
def list_images(world: World, request: Body) -> Body:
    """Show the ids of a repository's images."""
    repository = _find(world, request, request["repositoryName"])
    tagged = [{"imageDigest": each, "imageTag": tag} for tag, each in repository.tags.items()]
    bare = [{"imageDigest": each} for each in repository.images if each not in repository.tags.values()]
    shown = [each for each in (*tagged, *bare) if _has_status(request, "imageTag" in each)]
    return pages.cut(shown, "imageIds", request)


def _has_status(request: Body, tagged: bool) -> bool:
    return request.get("filter", {}).get("tagStatus", "ANY") in ("ANY", "TAGGED" if tagged else "UNTAGGED")


@rules.documented("ecr model, ImageDetail")
@rules.guessed("every image was pushed when the region's time began")
def _detail(world: World, repository: Repository, image: Image) -> Body:
    tags = [tag for tag, each in repository.tags.items() if each == image.digest]
    return {
        "registryId": ACCOUNT,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        **({"imageTags": tags} if tags else {}),
        "imageSizeInBytes": image.size,
        "imagePushedAt": world.began,
        "imageManifestMediaType": image.media_type,
        "imageStatus": "ACTIVE",
    }


@rules.reported(
    "terraform-provider-aws#35268: The image with imageId {imageDigest:'null', imageTag:'…'} does not …"
)
def _asked(repository: Repository, identifier: Body) -> Image:
    image = _named(repository, identifier)
    if image is not None:
        return image
    digest, tag = (identifier.get(name, "null") for name in ("imageDigest", "imageTag"))
    message = (
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository "
        f"with name '{repository.name}' in the registry with id '{ACCOUNT}'"
    )
    raise Refusal("ImageNotFoundException", message)


def _named(repository: Repository, identifier: Body) -> Image | None:
    return repository.find(identifier.get("imageDigest") or identifier.get("imageTag") or "")


@rules.documented("ecr model, BatchGetImage: manifests as they were pushed; ImageFailureCode ImageNotFound")
@rules.reported("users' transcripts: Requested image not found")
@rules.guessed("acceptedMediaTypes make no difference: nothing is converted")
def batch_get_image(world: World, request: Body) -> Body:
    """Show manifests."""
    repository = _find(world, request, request["repositoryName"])
    found, failures = [], []
    for identifier in request["imageIds"]:
        image = _named(repository, identifier)
        if image is None:
            failure = {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
            failures.append({"imageId": identifier} | failure)
            continue
        found.append(
            {
                "registryId": ACCOUNT,
                "repositoryName": repository.name,
                "imageId": identifier | {"imageDigest": image.digest},
                "imageManifest": image.manifest,
                "imageManifestMediaType": image.media_type,
            }
        )
    return {"images": found, "failures": failures}


@rules.documented("ecr model, PutImage: a tag moves to the image; InvalidParameterException")
@rules.guessed("layers are not looked for; the wording")
def put_image(world: World, request: Body) -> Body:
    """Push a manifest."""
    repository = _find(world, request, request["repositoryName"])
    try:
        image = images.received(request["imageManifest"], request.get("imageManifestMediaType"))
    except ValueError:
        raise Refusal("InvalidParameterException", "Invalid parameter at 'ImageManifest'") from None
    repository.put(image, request.get("imageTag", ""))
    tag = {"imageTag": request["imageTag"]} if request.get("imageTag") else {}
    pushed = batch_get_image(world, request | {"imageIds": [{"imageDigest": image.digest} | tag]})
    return {"image": pushed["images"][0]}


@rules.documented("ecr model, AuthorizationData: AWS:password in base64, for twelve hours")
@rules.guessed(
    "the endpoint is the sandbox's own, so that no registry of an account is asked with such a token"
)
def get_authorization_token(world: World, _request: Body) -> Body:
    """Give what a client of the registry signs in with."""
    token = base64.b64encode(f"AWS:{password(world.region)}".encode()).decode()
    data = {"authorizationToken": token, "expiresAt": world.now + _VALID, "proxyEndpoint": world.address}
    return {"authorizationData": [data]}


@rules.guessed("what is in the token; here it is the region that it is for")
def password(region: str) -> str:
    """Give the password that the registry of a region asks for."""
    return f"sandbox-{region}"


@rules.documented("ecr model, BatchCheckLayerAvailability: layerAvailability; LayerFailureCode")
@rules.guessed("what there is not is UNAVAILABLE; the wording")
def batch_check_layer_availability(world: World, request: Body) -> Body:
    """Tell which layers a repository has."""
    repository = _find(world, request, request["repositoryName"])
    layers, failures = [], []
    for digest in request["layerDigests"]:
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            failure = {"failureCode": "InvalidLayerDigest", "failureReason": "Invalid layer digest"}
            failures.append({"layerDigest": digest} | failure)
            continue
        state = "AVAILABLE" if digest in repository.blobs else "UNAVAILABLE"
        layers.append({"layerDigest": digest, "layerAvailability": state})
    return {"layers": layers, "failures": failures}


@rules.documented("ecr model, GetDownloadUrlForLayer: a URL that needs no signature; LayersNotFoundException")
@rules.guessed("the wording; the URL is the sandbox's own")
def get_download_url_for_layer(world: World, request: Body) -> Body:
    """Say where a layer, or a configuration, can be fetched."""
    repository, digest = _find(world, request, request["repositoryName"]), request["layerDigest"]
    if digest not in repository.blobs:
        message = (
            f"The layer with digest '{digest}' does not exist in the repository with name '{repository.name}'"
        )
        raise Refusal("LayersNotFoundException", message)
    return {
        "layerDigest": digest,
        "downloadUrl": f"{world.address}/_layers/{world.region}/{repository.name}/{digest}",
    }


@rules.reported(
    "containers-roadmap#2687: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
    "resolve ref …: not found"
)
@rules.reported(
    "users' stopped tasks: image Manifest does not contain descriptor matching platform 'linux/amd64'"
)
@rules.guessed("an image of one platform that is not the task's is refused like an index without it")
def fate(world: World, definition: Body, image: str) -> Fate | None:
    """Give the fate of a container whose image the region's registry has not, as far as it has the repository."""
    found = _repository(world, image)
    if found is None:
        return None
    repository, reference = found
    held = repository.find(reference)
    prefix = "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
    if held is None:
        return Fate(Outcome.CANNOT_PULL, reason=f"{prefix}failed to resolve ref {image}: not found")
    wanted = "/".join(_wanted(definition))
    if held.platforms and not any(each == wanted or each.startswith(f"{wanted}/") for each in held.platforms):
        reason = f"{prefix}image Manifest does not contain descriptor matching platform '{wanted}'"
        return Fate(Outcome.CANNOT_PULL, reason=reason)
    return None


@rules.documented(
    "model, RuntimePlatform: X86_64 and LINUX unless said otherwise; Container.imageDigest is the manifest's"
)
def digest_of(world: World, image: str) -> str:
    """Give the digest that a pulled image shows; one that no repository here has is made up from its name."""
    found = _repository(world, image)
    held = found[0].find(found[1]) if found else None
    return held.digest if held else images.digest(image.encode())


def _wanted(definition: Body) -> Iterator[str]:
    platform = definition.get("runtimePlatform", {})
    yield "windows" if str(platform.get("operatingSystemFamily", "")).startswith("WINDOWS") else "linux"
    yield _ARCHITECTURES.get(platform.get("cpuArchitecture", "X86_64"), "amd64")


def _repository(world: World, image: str) -> tuple[Repository, str] | None:
    parsed = _HOST.fullmatch(image)
    if parsed is None or (parsed[1], parsed[2]) != (ACCOUNT, world.region):
        return None
    path, _, digest = parsed[3].partition("@")
    name, _, tag = path.partition(":")
    return (world.repositories[name], digest or tag or "latest") if name in world.repositories else None


OPERATIONS: Final[dict[str, Callable[[World, Body], Body]]] = {
    "DescribeRepositories": describe_repositories,
    "CreateRepository": create_repository,
    "DescribeImages": describe_images,
    "ListImages": list_images,
    "BatchGetImage": batch_get_image,
    "PutImage": put_image,
    "GetAuthorizationToken": get_authorization_token,
    "BatchCheckLayerAvailability": batch_check_layer_availability,
    "GetDownloadUrlForLayer": get_download_url_for_layer,
}


def answer(world: World, operation: str, request: Any) -> Body:
    """Answer a call of ECR, or raise a `Refusal`."""
    if operation not in shapes.model(SERVICE).operation_names:
        raise Refusal("UnknownOperationException", f"ECR has no operation {operation}.")
    if operation not in OPERATIONS:
        message = f"The sandbox does not simulate the ECR operation {operation}."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    return OPERATIONS[operation](world, shapes.accept(operation, request, SERVICE))
