"""States in Google Cloud Storage: the backend ``gcs`` and ``gs://`` URLs, by Google's SDK (the extra ``gcs``)."""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.plugin import Address, Context, Denied, ResolveError, Unavailable
from reconciler_tfstate import extras, stores
from reconciler_tfstate.backends.configurations import Backend
from reconciler_tfstate.locations import Missing, holder
from reconciler_tfstate.stores import Store

_SCOPES = ("https://www.googleapis.com/auth/devstorage.read_only",)
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Blob:
    """A state in a bucket. `credentials` is the JSON of a key; empty means as the environment has it."""

    name: str
    bucket: str
    key: str
    credentials: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    impersonate: str = ""
    delegates: tuple[str, ...] = ()
    customer_key: bytes = field(default=b"", repr=False)
    endpoint: str = ""

    def read(self, _context: Context, _address: Address) -> bytes | Store:
        """Get the object."""
        storage = self._load("google.cloud.storage")
        failures = self._load("google.api_core.exceptions")
        denials = self._load("google.auth.exceptions")
        try:
            return stores.received([self._get(storage, self.key, self.customer_key)])
        except (failures.GoogleAPICallError, failures.RetryError, denials.GoogleAuthError) as error:
            raise self._refused(error, failures, denials) from None
        except OSError as error:
            raise Unavailable(f"Google Cloud Storage cannot be reached: {type(error).__name__}") from None
        except ValueError:
            what = f"Google's SDK refuses the settings of {self.name}"
            raise Unavailable(what, hint="check credentials and encryption_key") from None

    def lock(self, _context: Context) -> str | None:
        """Read the object ``PREFIX/WORKSPACE.tflock`` that Terraform keeps during an apply."""
        try:
            storage = self._load("google.cloud.storage")
            return holder(self._get(storage, self.key.removesuffix(".tfstate") + ".tflock", b""))
        except Exception:  # noqa: BLE001 (whatever the SDK raises: then nothing is known of a lock)
            return None

    def _get(self, storage: Any, key: str, customer_key: bytes) -> bytes:
        # Versions such as 3.17 ask for the bucket too, in a thread of their own, to name its region in traces.
        os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        options = {"api_endpoint": self.endpoint} if self.endpoint else None
        client = storage.Client(project="unused", credentials=self._identity(), client_options=options)
        with client:
            blob = client.bucket(self.bucket).blob(key, encryption_key=customer_key or None)
            body: bytes = blob.download_as_bytes(timeout=_SECONDS, retry=None)
        return body

    def _identity(self) -> Any:
        """Give the SDK's credentials; None for those that it finds by itself."""
        found = None
        if self.access_token:
            found = self._load("google.oauth2.credentials").Credentials(self.access_token)
        elif self.credentials:
            found = self._keyed(json.loads(self.credentials))
        if self.impersonate:
            if found is None:
                found, _ = self._load("google.auth").default(_SCOPES)
            found = self._load("google.auth.impersonated_credentials").Credentials(
                found, self.impersonate, list(_SCOPES), list(self.delegates)
            )
        return found

    def _keyed(self, key: Any) -> Any:
        """Read a key, of the kinds that name no program and no further address to ask."""
        match key:
            case {"type": "service_account"}:
                accounts = self._load("google.oauth2.service_account")
                return accounts.Credentials.from_service_account_info(key, scopes=_SCOPES)
            case {"type": "authorized_user"}:
                users = self._load("google.oauth2.credentials")
                return users.Credentials.from_authorized_user_info(key, scopes=_SCOPES)
        raise Unavailable(
            f"the credentials of {self.name} are neither a service account's nor a user's",
            hint="set GOOGLE_APPLICATION_CREDENTIALS to the path of any others",
        )

    def _load(self, module: str) -> Any:
        return extras.load(module, "gcs", f"the state {self.name}")

    def _refused(self, error: Exception, failures: Any, denials: Any) -> ResolveError:
        """Tell the SDK's errors apart; their texts hold headers and URLs, so none is shown."""
        match error:
            case failures.NotFound():
                return Missing(
                    f"the bucket {self.bucket} is not there, or has no object {self.key}",
                    hint="correct bucket, prefix and workspace, run terraform apply first, or set optional: true",
                )
            case failures.Forbidden() | failures.Unauthorized() | denials.GoogleAuthError():
                return Denied(
                    f"Google Cloud Storage does not let the object {self.key} of the bucket {self.bucket} be read",
                    hint="gcloud auth application-default login, or GOOGLE_CREDENTIALS; the role Storage Object Viewer",
                )
            case failures.BadRequest():
                return Denied(
                    f"Google Cloud Storage refuses to read {self.name} in this way",
                    hint="where a customer's key encrypts it, set encryption_key or GOOGLE_ENCRYPTION_KEY",
                )
        return Unavailable(f"Google Cloud Storage fails to give {self.name}", retry_after=1.0)


def open_(backend: Backend) -> Blob:
    """Open the backend ``gcs``: ``PREFIX/WORKSPACE.tfstate``, of the default workspace too."""
    bucket = backend.need("bucket")
    prefix = backend.text("prefix").lstrip("/")
    key = f"{prefix.rstrip('/')}/{backend.workspace}.tfstate" if prefix else f"{backend.workspace}.tfstate"
    delegates = backend.config.get("impersonate_service_account_delegates") or []
    return Blob(
        f"gs://{bucket}/{key}",
        bucket,
        key,
        credentials=_contents(backend, "credentials", ("GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS")),
        access_token=backend.text("access_token", variables=("GOOGLE_OAUTH_ACCESS_TOKEN",)),
        impersonate=backend.text(
            "impersonate_service_account",
            variables=("GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"),
        ),
        delegates=tuple(str(each) for each in delegates) if isinstance(delegates, list) else (),
        customer_key=_key(backend),
        endpoint=_endpoint(backend),
    )


def _endpoint(backend: Backend) -> str:
    """Give the API's address: Terraform's setting ends in its path, the SDK wants it without."""
    variables = (
        "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT",
        "GOOGLE_STORAGE_CUSTOM_ENDPOINT",
        "STORAGE_EMULATOR_HOST",
    )
    found = backend.text("storage_custom_endpoint", variables=variables)
    return found.rstrip("/").removesuffix("/storage/v1")


def _contents(backend: Backend, name: str, variables: tuple[str, ...]) -> str:
    """Give a setting that is either text or the path of a file that holds it."""
    text = backend.text(name, variables=variables).strip()
    if not text or text.startswith("{"):
        return text
    try:
        return (backend.folder / Path(text).expanduser()).read_text().strip()
    except (OSError, ValueError):
        return text


def _key(backend: Backend) -> bytes:
    text = _contents(backend, "encryption_key", ("GOOGLE_ENCRYPTION_KEY",))
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        backend.refuse("has an encryption_key that is none", "32 bytes in base64")
