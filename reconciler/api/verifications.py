"""Whether what an opened project refers to is there and fits. What judges it is imported where it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.api.openings import Opening

if TYPE_CHECKING:
    from reconciler.core.verification.results import Verification
    from reconciler.engine.verifying import Clients, Registry, Told


class Verifying(Opening):
    """What an opened project says of what it refers to."""

    def verify(
        self,
        *,
        get_secrets: bool = True,
        put_logs: bool = False,
        cache: bool = True,
        told: Told | None = None,
        clients: Clients | None = None,
        registry: Registry | None = None,
    ) -> Verification:
        """Check everything that the definitions refer to: read only, unless `put_logs` writes a line to each log group.

        What is wrong is in the result, and is not raised: a definition that has no value is a failure of its own.
        `get_secrets` reads the values of secrets, as ECS does; else it is only looked whether they are there. Without
        `cache` every check reads for itself. `told` hears how many checks are judged, and of how many; `clients` and
        `registry` replace AWS's other services and container registries. ConfigError where the project file has no
        value, AwsCredentials where AWS takes none, AwsUnreachable where it does not answer at all.
        """
        from reconciler.api.examining import Examiner
        from reconciler.api.verifiers import Verifier
        from reconciler.aws.registries import Registries

        gateway = self.gateway
        verifier = Verifier(
            settings=self.settings,
            examiner=Examiner(
                settings=self.settings,
                definitions=self.definitions,
                references=self.references,
                kinds=self._kinds(),
            ),
            kinds=self._kinds(),
            gateway=gateway,
            pool=self._pool,
            masker=lambda: self.masker,
            group=self._group,
            stamp=self.clock.now(),
        )
        return verifier.verify(
            clients or self._connection.aws(self._files.region),
            registry or Registries(),
            get_secrets=get_secrets,
            put_logs=put_logs,
            cache=cache,
            told=told,
        )
