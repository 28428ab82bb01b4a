"""Sessions in containers of an opened project's tasks: opened and ended here, joined by `session-manager-plugin`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.api.tasks import Tasks
from reconciler.errors import AwsRefused

if TYPE_CHECKING:
    from reconciler.core.sessions import Forwarding, Session
    from reconciler.core.values import JsonObject


class Sessions(Tasks):
    """What an opened project does in containers."""

    def execute(self, task: JsonObject, container: str, command: str) -> Session:
        """Run a command in a container, with a terminal. Whoever joins the session sees it.

        The agent splits the command into words and starts it without a shell. PlanError where the task or its
        container cannot have one, AwsError.
        """
        from reconciler.core import sessions

        sessions.reachable(task)
        target = sessions.target(task, sessions.container(task, container))
        arn = str(task["taskArn"])
        try:
            opened = self.task_port.execute(
                str(task["clusterArn"]), arn, container=container, command=command
            )
        except AwsRefused as error:
            raise _unconnected(error) from error
        return self._session(opened, {"Target": target})

    def forward(self, task: JsonObject, container: str, forwarding: Forwarding) -> Session:
        """Open a session that forwards a port. PlanError where the task or its container cannot, AwsError."""
        from reconciler.core import sessions

        sessions.reachable(task)
        request = forwarding.request(sessions.target(task, sessions.container(task, container)))
        try:
            opened = self.task_port.open_session(request)
        except AwsRefused as error:
            raise _unconnected(error) from error
        return self._session(opened, request)

    def end_session(self, session: Session) -> None:
        """End a session that nobody joins. One that has ended is no error."""
        self.task_port.close_session(session.id)

    def _session(self, opened: JsonObject, request: JsonObject) -> Session:
        from reconciler.core import sessions

        aws = self._connection.aws(self._files.region)
        profile, environ = aws.handed()
        return sessions.Session(
            str(opened["sessionId"]),
            sessions.response(opened),
            json.dumps(request),
            aws.region,
            profile,
            aws.endpoint("ssm"),
            environ,
        )


def _unconnected(error: AwsRefused) -> AwsRefused:
    """Say what to look at where the agent, which runs, does not answer."""
    if error.code.startswith("TargetNotConnected"):
        error.hint = (
            "the agent does not answer: try again, and look whether the task role and the network let it"
        )
    return error
