"""What can be turned while a sandbox runs: durations, consistency, the choices AWS left open.

Numbers are simulated seconds, unless it says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from reconciler.sandbox.errors import SandboxError


@dataclass(slots=True)
class Knobs:
    """Every knob with its default; the durations are guesses that keep the order and scale of the real ones."""

    provision: float = 3
    """PROVISIONING → PENDING (an elastic network interface is attached)."""
    pull: float = 8
    """PENDING → ACTIVATING (images are pulled)."""
    activate: float = 1
    """ACTIVATING → RUNNING."""
    healthy: float = 5
    """RUNNING → healthy, where a container health check or a load balancer has a say."""
    sick: float = 15
    """RUNNING → failed health checks."""
    agent: float = 1
    """RUNNING → the agent of ECS Exec runs."""
    crash: float = 1
    """RUNNING → the container exits."""
    flap: float = 30
    """Healthy → the container of outcome `flap` exits, or the task of outcome `spot` is interrupted."""
    slow: float = 60
    """RUNNING → healthy, of outcome `slow`."""
    deactivate: float = 2
    """DEACTIVATING (targets are deregistered)."""
    drain: float = 4
    """… longer, where the task stands behind a load balancer."""
    kill: float = 2
    """STOPPING and DEPROVISIONING together, until STOPPED."""
    shift: float = 2
    """How long test or production traffic takes to move to another revision."""
    hook: float = 1
    """How long a function that is a lifecycle hook takes."""
    alarm_bake: float = 30
    """How long a rolling deployment that watches alarms bakes, which AWS computes from the alarms."""
    tick: float = 1
    """How long the service scheduler takes to react."""
    backoff: float = 2
    """The first delay after a failed task; it doubles with each further one …"""
    backoff_limit: float = 900
    """… up to this."""
    event: float = 0.5
    """How long a lifecycle event of a CodeDeploy deployment takes, besides what it waits for."""
    replacement_timeout: float = 3600
    """How long CodeDeploy waits for a replacement task set to become healthy."""
    remember_stopped: float = 3600
    """How long a STOPPED task is still described."""
    missing_after_create: float = 0
    """For how long DescribeServices answers MISSING after CreateService (eventual consistency)."""
    stale_after_update: float = 0
    """For how long DescribeServices shows a service as it was before an UpdateService."""
    instances: float = 1
    """How many container instances a DAEMON service finds."""
    trail: float = 0
    """How long it takes until CloudTrail tells of a call; in AWS minutes, up to a quarter of an hour."""
    shuffle: bool = False
    """Whether the lists that AWS returns in no particular order come in another order than they were sent."""
    rollback_new_id: bool = False
    """Whether a rollback mints a new deployment id instead of reviving the old deployment."""

    def turn(self, settings: Mapping[str, Any]) -> None:
        """Set knobs by name; an unknown name, or a value of the wrong type, is a `SandboxError`."""
        known = {each.name: type(getattr(self, each.name)) for each in fields(self)}
        for name, value in settings.items():
            if name not in known:
                raise SandboxError(f"no knob is called {name!r}; there are {', '.join(known)}", "knobs")
            flag = known[name] is bool
            if isinstance(value, bool) != flag or not isinstance(value, bool | int | float) or value < 0:
                raise SandboxError(
                    f"must be {'true or false' if flag else 'a number of seconds'}", f"knobs.{name}"
                )
            setattr(self, name, value)
