"""The plugin's config, checked, and the location that it names.

``path`` is a file; ``url`` a file too, ``file:///…``, ``http(s)://…``, ``s3://BUCKET/KEY``, ``gs://BUCKET/OBJECT``,
``azurerm://[SUBSCRIPTION@]GROUP/ACCOUNT/CONTAINER/BLOB`` or ``remote://HOST/ORGANIZATION/WORKSPACE``; ``dir`` a folder
of Terraform's; ``backend`` the type of a backend, ``backend_config`` its settings, which also go over those of ``dir``.
Relative paths start at the project file's folder. As for the peer, ``path`` wins over ``url``, and a path to
``.terraform/terraform.tfstate`` leads on to the state.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from reconciler.hcl import workspaces
from reconciler.plugin import Config, ConfigError, Context, Json
from reconciler_tfstate.backends.configurations import Backend
from reconciler_tfstate.backends.local import File
from reconciler_tfstate.locations import Location
from reconciler_tfstate.urls import shown

# Folders and backends are imported where a config names one: a plan whose state is a file need not wait for them.

#: Finds a location when its state is first needed. Unavailable where there is none.
Locate: TypeAlias = Callable[[Context], Location]

_TEXTS = ("path", "url", "dir", "backend", "workspace", "passphrase_env", "plan")
_FLAGS = ("optional", "outputs_only")
_KEYS = (*_TEXTS, "backend_config", "var_files", *_FLAGS)

#: Settings of backends that are secret → where they belong, since a config is kept in saved plans.
_SECRETS = {
    "access_key": "AWS_ACCESS_KEY_ID, or ARM_ACCESS_KEY for azurerm",
    "access_token": "GOOGLE_OAUTH_ACCESS_TOKEN",
    "client_certificate_password": "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "client_private_key_pem": "TF_HTTP_CLIENT_PRIVATE_KEY_PEM",
    "client_secret": "ARM_CLIENT_SECRET",
    "credentials": "GOOGLE_CREDENTIALS",
    "customer_provided_key": "ARM_CUSTOMER_PROVIDED_KEY",
    "encryption_key": "GOOGLE_ENCRYPTION_KEY",
    "password": "TF_HTTP_PASSWORD",
    "sas_token": "ARM_SAS_TOKEN",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "sse_customer_key": "AWS_SSE_CUSTOMER_KEY",
    "token": "AWS_SESSION_TOKEN, or TF_TOKEN_… for remote and cloud",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a config says. `folder` is the one that `dir` names, relative to the project's."""

    locate: Locate
    optional: bool
    outputs_only: bool
    folder: str | None
    workspace: str | None
    passphrase_env: str | None
    plan: str | None = None
    var_files: tuple[str, ...] = ()
    path: str | None = None

    def home(self, context: Context) -> Path | None:
        """Give the folder in which terraform is run; None where no folder is known."""
        if self.folder is not None:
            return context.root / self.folder
        path = self.path
        return workspaces.noted_at(context.root / path, context.environ) if path is not None else None


def read(config: Config) -> Settings:
    """Check a config. ConfigError where it names no location that can be read."""
    for key in config:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(_KEYS)}"
            raise ConfigError(f"the tfstate plugin has no setting {key!r}", hint=hint)
    texts = {key: text for key in _TEXTS if (text := _text(config, key)) is not None}
    for key in _FLAGS:
        if not isinstance(config.get(key, False), bool):
            raise ConfigError(
                f"{key} of the tfstate plugin is no boolean", hint=f"{key}: true, without quotes"
            )
    outputs_only = config.get("outputs_only") is True
    files = _var_files(config, texts)
    return Settings(
        _locate(texts, _backend_config(config, texts), files, outputs_only=outputs_only),
        optional=config.get("optional") is True,
        outputs_only=outputs_only,
        folder=texts.get("dir"),
        workspace=texts.get("workspace"),
        passphrase_env=texts.get("passphrase_env"),
        plan=texts.get("plan"),
        var_files=files,
        path=texts.get("path"),
    )


def absolute(config: Config, root: Path) -> dict[str, Json]:
    """Give a config whose paths begin nowhere in particular: equal ones name the same state, whosever they are."""
    found: dict[str, Json] = dict(config)
    for key in ("path", "dir", "plan", "url"):
        value = config.get(key)
        if isinstance(value, str) and "://" not in value:
            found[key] = os.path.normpath(root.absolute() / value)
    files = config.get("var_files")
    if isinstance(files, list | tuple):
        found["var_files"] = [os.path.normpath(root.absolute() / str(file)) for file in files]
    return found


def actions(config: Config) -> tuple[str, ...]:
    """Give the IAM actions that reading the state may take; those that assume a role only where one may be named."""
    from reconciler_tfstate.backends import s3

    url, backend = config.get("url"), config.get("backend")
    if config.get("path") is not None:
        return ()
    given = config.get("backend_config")
    named = isinstance(given, Mapping) and any(name.startswith(("assume_role", "role_arn")) for name in given)
    if config.get("dir") is not None or (backend == "s3" and named):
        return s3.ACTIONS
    return s3.ACTIONS[:2] if backend == "s3" or (isinstance(url, str) and url.startswith("s3:")) else ()


def _locate(
    texts: Mapping[str, str], settings: Mapping[str, Json], files: tuple[str, ...], *, outputs_only: bool
) -> Locate:
    named = [key for key in ("path", "url", "dir", "backend") if key in texts]
    if not named:
        raise ConfigError(
            "the tfstate plugin needs path, url, dir or backend", hint="config: {dir: ../infra}"
        )
    first, *others = named
    if others and named != ["path", "url"]:
        raise ConfigError(
            f"the tfstate plugin is given both {first} and {others[0]}", hint="leave only one of them"
        )
    if first in {"path", "url"} and "workspace" in texts:
        raise ConfigError(
            f"{first} of the tfstate plugin names one workspace's state already", hint="use dir"
        )
    workspace = texts.get("workspace")
    match first:
        case "path":
            if "://" in texts["path"]:
                raise ConfigError(
                    f"path of the tfstate plugin is a URL, {shown(texts['path'])}",
                    hint=f"url: {shown(texts['path'])}",
                )
            return partial(_from_path, texts["path"], outputs_only)
        case "url":
            return _from_url(texts["url"], outputs_only=outputs_only)
        case "dir":
            return partial(_from_folder, texts["dir"], workspace, settings, files, outputs_only)
    from reconciler_tfstate import directories

    if texts["backend"] not in directories.OPENERS:
        near = get_close_matches(texts["backend"], directories.OPENERS, n=1)
        known = f"did you mean {near[0]}?" if near else f"one of {', '.join(directories.OPENERS)}"
        raise ConfigError(f"there is no backend {texts['backend']!r} that can be read", hint=known)
    return partial(_from_backend, texts["backend"], settings, workspace, outputs_only)


def _from_path(path: str, outputs_only: bool, context: Context) -> Location:
    if (folder := workspaces.noted_at(context.root / path, context.environ)) is not None:
        from reconciler_tfstate import directories

        if directories.noted(context.root / path) is not None:
            return directories.locate(folder, context.environ, outputs_only=outputs_only)
    return File(path, path)


def _from_folder(
    folder: str,
    workspace: str | None,
    settings: Mapping[str, Json],
    files: tuple[str, ...],
    outputs_only: bool,
    context: Context,
) -> Location:
    from reconciler_tfstate import directories

    return directories.locate(
        context.root / folder,
        context.environ,
        workspace=workspace,
        settings=settings,
        outputs_only=outputs_only,
        files=files,
    )


def _from_backend(
    kind: str, settings: Mapping[str, Json], workspace: str | None, outputs_only: bool, context: Context
) -> Location:
    from reconciler_tfstate import directories

    selected = directories.chosen(workspace, context.environ)
    origin = "the plugin's config"
    return directories.opened(
        Backend(kind, settings, origin, context.root, selected, context.environ, outputs_only)
    )


def _from_url(url: str, *, outputs_only: bool) -> Locate:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigError("url of the tfstate plugin is none", hint=_FORMS) from None
    names = [unquote(name) for name in parts.path.split("/")[1:]]
    more = parts.query or parts.fragment
    if parts.scheme in {"http", "https"} and "@" in parts.netloc:
        raise ConfigError(
            "url of the tfstate plugin holds credentials, which a saved plan would keep",
            hint="use `backend: http` with backend_config, TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
        )
    kind, settings = "", dict[str, Json]()
    match parts.scheme:
        case "":
            return partial(_from_path, url, outputs_only)
        case "file" if parts.netloc in {"", "localhost"} and parts.path.startswith("/"):
            return _always(File(url, unquote(parts.path)))
        case "file":
            raise ConfigError(
                f"a file URL holds an absolute path: {url}", hint="file:///PATH, or a plain path"
            )
        case "http" | "https" if parts.hostname:
            return partial(_page, url)
        case "s3" if parts.netloc and any(names) and not more:
            # What a URL names is read by the run's own client, and no workspace is added to it.
            from reconciler_tfstate.backends import s3

            key = unquote(parts.path).removeprefix("/")
            return _always(s3.Object(url, parts.netloc, key))
        case "gs" if parts.netloc and any(names) and not more:
            return partial(_blob, parts)
        case "azurerm" if parts.hostname and len(names) >= 3 and all(names[:2]):
            account, container, *blob = names
            kind = "azurerm"
            settings = {
                "storage_account_name": account,
                "container_name": container,
                "key": "/".join(blob),
                "resource_group_name": parts.netloc.rpartition("@")[2],
                "subscription_id": parts.username,
            }
        case "remote" if parts.netloc and len(names) == 2 and all(names):
            kind = "remote"
            settings = {"hostname": parts.netloc, "organization": names[0], "workspaces": {"name": names[1]}}
        case "s3" | "gs" | "azurerm" | "remote" | "http" | "https":
            form = next(
                form for form in _FORMS.split(", ") if form.startswith(parts.scheme.removesuffix("s"))
            )
            raise ConfigError(f"url of the tfstate plugin names no object: {shown(url)}", hint=form)
        case _:
            raise ConfigError(f"{parts.scheme}:// is no URL of a state that can be read", hint=_FORMS)
    from reconciler_tfstate import directories

    return lambda context: directories.opened(
        Backend(
            kind,
            settings,
            "the plugin's config",
            context.root,
            environ=context.environ,
            outputs_only=outputs_only,
        )
    )


_FORMS = (
    "a path, file:///PATH, http(s)://HOST/PATH, s3://BUCKET/KEY, gs://BUCKET/OBJECT, "
    "azurerm://GROUP/ACCOUNT/CONTAINER/BLOB, remote://HOST/ORGANIZATION/WORKSPACE"
)


def _always(location: Location) -> Locate:
    return lambda _context: location


def _page(url: str, _context: Context) -> Location:
    from reconciler_tfstate.backends.http import Page  # imports what files and S3 do without

    return Page(url)


def _blob(parts: SplitResult, context: Context) -> Location:
    """Give the object that a ``gs://`` URL names; the backend's own way to it would append a workspace."""
    from reconciler_tfstate.backends import gcs  # as above

    key = unquote(parts.path).removeprefix("/")
    backend = Backend(
        "gcs", {"bucket": parts.netloc}, "the plugin's config", context.root, environ=context.environ
    )
    return replace(gcs.open_(backend), name=parts.geturl(), key=key)


def _backend_config(config: Config, texts: Mapping[str, str]) -> Mapping[str, Json]:
    given = config.get("backend_config")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigError(
            "backend_config of the tfstate plugin is no object", hint="backend_config: {key: …}"
        )
    if "dir" not in texts and "backend" not in texts:
        raise ConfigError(
            "backend_config of the tfstate plugin goes with dir or backend", hint="backend: s3, say"
        )
    for key in given:
        if key in _SECRETS:
            raise ConfigError(
                f"{key} in backend_config of the tfstate plugin would be kept in saved plans",
                hint=f"set it in the environment: {_SECRETS[key]}",
            )
    return given


def _var_files(config: Config, texts: Mapping[str, str]) -> tuple[str, ...]:
    given = config.get("var_files")
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise ConfigError(
            "var_files of the tfstate plugin is no list of paths", hint="var_files: [prd.tfvars]"
        )
    if "dir" not in texts:
        raise ConfigError("var_files of the tfstate plugin goes with dir", hint="dir: ../infra")
    return tuple(map(str, given))


def _text(config: Config, key: str) -> str | None:
    value = config.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        hint = {"dir": "dir: ../infra", "backend": "backend: s3"}.get(key, f"{key}: terraform.tfstate")
        raise ConfigError(f"{key} of the tfstate plugin is not text", hint=hint)
    return value
