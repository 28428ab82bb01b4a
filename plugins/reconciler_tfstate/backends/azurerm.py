"""States in Azure Blob Storage, by Azure's SDK (the extra ``azurerm``): the backend ``azurerm``, ``azurerm://`` URLs.

The account's key or a SAS token opens a blob, and else an identity of Entra ID: at once with `use_azuread_auth`, or
by asking Azure's Resource Manager for the account's key, as Terraform does.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from reconciler.plugin import Address, Context, Denied, ResolveError, Unavailable
from reconciler_tfstate import extras, stores, transports
from reconciler_tfstate.backends.configurations import DEFAULT, Backend
from reconciler_tfstate.locations import Missing, holder
from reconciler_tfstate.stores import Store

#: Cloud → suffix of storage accounts, and the Resource Manager.
_CLOUDS = {
    "public": ("core.windows.net", "https://management.azure.com"),
    "usgovernment": ("core.usgovcloudapi.net", "https://management.usgovcloudapi.net"),
    "china": ("core.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
}
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[$a-z0-9][a-z0-9-]{1,62}")
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the settings of a service principal; empty ones are as the environment has them."""

    tenant: str = ""
    client: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Blob:
    """A state in a container of a storage account."""

    account: str
    container: str
    key: str
    group: str = ""
    subscription: str = ""
    cloud: str = "public"
    access_key: str = field(default="", repr=False)
    sas_token: str = field(default="", repr=False)
    entra: bool = False
    identity: Identity = field(default_factory=Identity)
    customer_key: str = field(default="", repr=False)
    endpoint: str = ""

    @property
    def name(self) -> str:
        """Give the blob's URL."""
        return f"azurerm://{self.group or '-'}/{self.account}/{self.container}/{self.key}"

    def read(self, context: Context, _address: Address) -> bytes | Store:
        """Get the blob."""
        extra = ("azurerm", f"the state {self.name}")
        blobs = extras.load("azure.storage.blob", *extra)
        failures = extras.load("azure.core.exceptions", *extra)
        try:
            with self._client(context, blobs) as client:
                blob = client.get_blob_client(self.container, self.key)
                more = {"cpk": self._customer_key(blobs)} if self.customer_key else {}
                return stores.received(blob.download_blob(timeout=_SECONDS, **more).chunks())
        except failures.AzureError as error:
            raise self._refused(error, failures) from None
        except ValueError:
            raise Unavailable(
                f"Azure's SDK refuses the settings of {self.name}", hint="check access_key and sas_token"
            ) from None

    def lock(self, context: Context) -> str | None:
        """Read the note of a lock that Terraform keeps in the blob's metadata."""
        try:
            blobs = extras.load("azure.storage.blob", "azurerm", f"the state {self.name}")
            with self._client(context, blobs) as client:
                metadata = client.get_blob_client(self.container, self.key).get_blob_properties().metadata
            encoded = {key.lower(): value for key, value in metadata.items()}.get("terraformlockid", "")
            return holder(base64.b64decode(encoded))
        except Exception:  # noqa: BLE001 (whatever the SDK raises: then nothing is known of a lock)
            return None

    def _client(self, context: Context, blobs: Any) -> Any:
        credential: Any = self.access_key or self.sas_token.removeprefix("?")
        if self.access_key:
            credential = {"account_name": self.account, "account_key": self.access_key}
        elif not credential:
            entra = self._entra()
            credential = entra if self.entra or not self.group else self._listed_key(context, entra)
        suffix, _ = _CLOUDS[self.cloud]
        address = self.endpoint or f"https://{self.account}.blob.{suffix}"
        return blobs.BlobServiceClient(
            address, credential=credential, retry_total=0, connection_timeout=_SECONDS, read_timeout=_SECONDS
        )

    def _entra(self) -> Any:
        identities = extras.load("azure.identity", "azurerm", f"the state {self.name}")
        who = self.identity
        if who.tenant and who.client and who.secret:
            return identities.ClientSecretCredential(who.tenant, who.client, who.secret)
        return identities.DefaultAzureCredential()

    def _listed_key(self, context: Context, entra: Any) -> Any:
        """Ask the Resource Manager for the account's key; without a subscription Entra ID has to do."""
        if not self.subscription:
            return entra
        _, manager = _CLOUDS[self.cloud]
        token = entra.get_token(f"{manager}/.default").token
        url = (
            f"{manager}/subscriptions/{quote(self.subscription, safe='')}/resourceGroups/{quote(self.group, safe='')}"
            f"/providers/Microsoft.Storage/storageAccounts/{self.account}/listKeys?api-version=2023-05-01"
        )
        answer = transports.get(
            url, context.environ, {"Authorization": f"Bearer {token}", "Content-Length": "0"}, method="POST"
        )
        hint = "allow Microsoft.Storage/storageAccounts/listKeys/action, or set use_azuread_auth"
        error = transports.refused(
            answer, f"the storage account {self.account}", "key", known=True, hint=hint
        )
        if error is not None:
            raise error
        try:
            key = json.loads(answer.body)["keys"][0]["value"]
        except (ValueError, LookupError, TypeError):
            raise Unavailable(
                f"Azure gives no key of the storage account {self.account}", hint=hint
            ) from None
        return {"account_name": self.account, "account_key": key}

    def _customer_key(self, blobs: Any) -> Any:
        digest = base64.b64encode(sha256(base64.b64decode(self.customer_key)).digest()).decode()
        return blobs.CustomerProvidedEncryptionKey(self.customer_key, digest)

    def _refused(self, error: Any, failures: Any) -> ResolveError:
        """Tell the SDK's errors apart; their texts hold whole answers, so none is shown."""
        status, code = getattr(error, "status_code", None), getattr(error, "error_code", None) or ""
        code = str(getattr(code, "value", code))
        where = f"the container {self.container} of the storage account {self.account}"
        if isinstance(error, failures.ClientAuthenticationError) or status in {401, 403}:
            hint = (
                "access_key or ARM_ACCESS_KEY, sas_token or ARM_SAS_TOKEN, or az login with use_azuread_auth"
            )
            return Denied(f"Azure does not let the blob {self.key} in {where} be read", hint=hint)
        if code == "ContainerNotFound":
            return Unavailable(
                f"there is no container {self.container} in the storage account {self.account}"
            )
        if status == 404:
            hint = "correct the key or the workspace, run terraform apply first, or set optional: true"
            return Missing(f"{where} has no blob {self.key}", hint=hint)
        if status == 409 and not self.customer_key:
            hint = "set customer_provided_key, or ARM_CUSTOMER_PROVIDED_KEY"
            return Denied(f"Azure cannot decrypt the blob {self.key} without its key", hint=hint)
        if isinstance(error, failures.ServiceRequestError | failures.ServiceResponseError):
            hint = "check storage_account_name and your network"
            return Unavailable(
                f"the storage account {self.account} cannot be reached", hint=hint, retry_after=1.0
            )
        return Unavailable(f"Azure fails to give {self.name} ({code or status})", retry_after=1.0)


def open_(backend: Backend) -> Blob:
    """Open the backend ``azurerm``: ``KEY``, and ``KEYenv:WORKSPACE`` of any workspace but the default one."""
    key = backend.need("key")
    if backend.workspace != DEFAULT:
        key = f"{key}env:{backend.workspace}"
    account = backend.need("storage_account_name")
    container = backend.need("container_name")
    if not _ACCOUNT.fullmatch(account) or not _CONTAINER.fullmatch(container):
        backend.refuse("has a storage_account_name or container_name that is none")
    cloud = backend.text("environment", variables=("ARM_ENVIRONMENT",), default="public").lower()
    if cloud not in _CLOUDS:
        backend.refuse("has an environment that is not known", " or ".join(_CLOUDS))
    return Blob(
        account,
        container,
        key,
        group=backend.text("resource_group_name"),
        subscription=backend.text(
            "subscription_id", variables=("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID")
        ),
        cloud=cloud,
        access_key=backend.text("access_key", variables=("ARM_ACCESS_KEY", "AZURE_STORAGE_ACCESS_KEY")),
        sas_token=backend.text("sas_token", variables=("ARM_SAS_TOKEN",)),
        entra=backend.flag("use_azuread_auth", variables=("ARM_USE_AZUREAD",)),
        identity=Identity(
            backend.text("tenant_id", variables=("ARM_TENANT_ID",)),
            backend.text("client_id", variables=("ARM_CLIENT_ID",)),
            backend.text("client_secret", variables=("ARM_CLIENT_SECRET",)),
        ),
        customer_key=backend.text("customer_provided_key", variables=("ARM_CUSTOMER_PROVIDED_KEY",)),
        endpoint=_endpoint(backend.environ),
    )


def _endpoint(environ: Mapping[str, str]) -> str:
    """Give the address that the Azure CLI's variable names, for emulators and private links."""
    return environ.get("AZURE_STORAGE_SERVICE_ENDPOINT", "").rstrip("/")
