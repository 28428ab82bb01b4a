"""The resolver `ecr`: what a tag of an image in ECR stands for now, so that what runs is what was planned.

``ecr_image REF`` gives the image by its digest, ``123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:…``, and
``ecr_digest REF`` the digest alone. REF is ``REPOSITORY[:TAG]`` of the run's own registry and region, or a whole one
with its registry; without a tag it is ``latest``. Of an image for several platforms the digest is that of the list
that the tag names, from which each host takes its own. The path of an address is REF, behind ``digest`` for the
digest.
"""

from __future__ import annotations

from reconciler.plugin import Config, Context, Json, Resolver, ResolverPlugin, check_settings, named
from reconciler_ecr import images


def ecr_image(reference: Json, /) -> str:
    """Give the path of an image by its digest."""
    return str(images.Image.parse(named(reference, "an image", images.HINT)))


def ecr_digest(reference: Json, /) -> str:
    """Give the path of an image's digest."""
    return f"{images.DIGEST}{ecr_image(reference)}"


def _open(context: Context, config: Config) -> Resolver:
    check_settings("ecr", config)
    return images.ImageResolver(context)


def _actions(_config: Config) -> tuple[str, ...]:
    return ("ecr:DescribeImages", "ecr:DescribeRepositories")


plugin = ResolverPlugin(
    open=_open, functions={"ecr_image": ecr_image, "ecr_digest": ecr_digest}, actions=_actions, common=True
)
