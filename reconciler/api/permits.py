"""What an opened project's commands are allowed to call. Nothing is asked of AWS but what the files refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api.openings import Opening
from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from reconciler.core.documents import Resolved
    from reconciler.core.kinds import Kind
    from reconciler.core.permissions import Subject
    from reconciler.core.policies import Grant
    from reconciler.core.values import JsonObject
    from reconciler.core.verification.checks import Check


class Permitting(Opening):
    """What an opened project says of the permissions that it takes."""

    def grants(
        self,
        commands: Iterable[str],
        *,
        account: str = "",
        partition: str = "",
        diagnosis: bool = True,
        unmanaged: bool = False,
        who: bool = False,
    ) -> tuple[Grant, ...]:
        """Give what commands of the project may call, on what: `core.policies.document` makes a policy of it.

        The account is the one given, else that of an ARN in the project's files, else any; the partition the one given,
        else that of the region. Without `diagnosis` what only tells why a rollout failed is left out; with `unmanaged`
        `drift` may also list the services that no file declares, with `who` look up who changed what. ConfigError or
        ResolveError where a file has no value, ConfigError for what is no command of a project.
        """
        from reconciler.core import permissions, policies

        wanted = tuple(dict.fromkeys(commands))
        for command in wanted:
            if command not in permissions.COMMANDS:
                hint = f"it is one of {', '.join(permissions.COMMANDS)}"
                raise ConfigError(f"{command} is no command that calls AWS for a project", None, hint)
        _ = self.settings
        resolvers = set(self._read_for())
        subject = replace(self._subject(account, partition), listed=unmanaged, traced=who)
        if not permissions.UNEVALUATED.issuperset(wanted):
            resolvers.update(self._read_for())
        checks = self._checks(subject) if "verify" in wanted else ()
        return policies.grants(subject, wanted, diagnosis=diagnosis, resolvers=resolvers, checks=checks)

    def _read_for(self) -> Iterator[str]:
        """Give the actions of the resolvers that were asked for anything so far."""
        for name in sorted({address.resolver for address in self._files.known}):
            instance = self._files.instances.get(name)
            yield from instance.plugin.actions(instance.use.config)

    def _subject(self, account: str, partition: str) -> Subject:
        from reconciler.core import policies, stamps
        from reconciler.core.kinds.spellings import short_name
        from reconciler.core.permissions import ANY, Subject
        from reconciler.core.verification import arns
        from reconciler.core.verification.scenes import Scene

        settings, kinds, files = self.settings, self._kinds(), self.definitions()
        cluster = arns.parse(settings.cluster)
        task = _wire(kinds.task_definition, files.task_definition)
        if task and settings.stamp is not None:  # its revisions have tags, whether the file has some or not
            task = {**task, "tags": [{"key": stamps.OWNER}]}
        service = _wire(kinds.service, files.service)
        region = self._region_known() or (cluster.region if cluster is not None else "")
        subject = Subject(
            partition=partition
            or (cluster.partition if cluster is not None else Scene(region=region).partition),
            region=region or ANY,
            account=account or settings.account or (cluster.account if cluster is not None else ANY),
            cluster=str(short_name(settings.cluster)),
            service=settings.service or "",
            family=str(task.get("family") or ANY),
            task=task,
            service_body=service,
            express=_wire(kinds.express_service, files.express_service),
            application=settings.codedeploy.application,
            group=settings.codedeploy.group,
            configuration=settings.codedeploy.configuration,
            revised=bool(kinds.service.revised & service.keys()),
            owner=settings.stamp.owner if settings.stamp is not None else "",
            record=settings.record or "",
        )
        if subject.account == ANY:  # roles are not passed across accounts, so that of one is the project's
            roles = map(arns.parse, (*policies.task_roles(subject), *policies.service_roles(subject)))
            own = next((role.account for role in roles if role is not None and role.account != ANY), ANY)
            subject = replace(subject, account=own)
        return subject

    def _region_known(self) -> str:
        """Give the region that calls go to, empty where nothing names one."""
        try:
            return self._connection.aws(self._files.region).region
        except ConfigError:
            return ""

    def _checks(self, subject: Subject) -> Sequence[Check]:
        """Make the trees that `verify` asks, of a service that is not there yet."""
        from reconciler.core import pointers
        from reconciler.core.permissions import ANY
        from reconciler.core.verification import trees
        from reconciler.core.verification.scenes import TASK_DEFINITION, Scene

        scene = Scene(
            account="" if subject.account == ANY else subject.account,
            region="" if subject.region == ANY else subject.region,
            cluster=subject.cluster,
            task=subject.task,
            service=subject.service_body,
            express=subject.express,
            task_document=TASK_DEFINITION,
            hooks=tuple(
                (event, str(name)) for hook in self.settings.codedeploy.hooks for event, name in hook.items()
            ),
        )
        found = [trees.task_definition(scene)] if subject.task else []
        if subject.express:
            return (*found, trees.express(scene, subject.service))
        if subject.service_body:
            return (*found, trees.service(scene, subject.service))
        named = subject.service or "cluster" in pointers.objects(self.settings.resolved.data)
        return (*found, *trees.alone(scene)) if named else found


def _wire(kind: Kind, resolved: Resolved | None) -> JsonObject:
    """Give a definition as the API spells it, empty where the project has none."""
    from reconciler.engine import composing

    return composing.compose(kind, resolved).canon.wire if resolved is not None else {}
