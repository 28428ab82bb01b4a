"""Members that do not go together: what the API was seen to refuse, and what its documentation forbids.

Sources as in `task_definitions` and `services`; an issue or pull request is named by its repository and number. A row
that only documentation states is not `seen`: it makes a warning, since documentation and API part at times (the API
model says that assignPublicIp must be DISABLED under the ECS controller, and live services have it ENABLED). Values
are looked at as they are sent, before defaults are folded away. A row is silent where it does not know a value: of a
task definition that was not read, of text that stands for a secret.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.kinds.combinations import containers, deployments, joints, revisions, services
from reconciler.core.kinds.combinations.cases import Case, Clash, Combination

__all__ = ["SERVICE", "TASK_DEFINITION", "Case", "Clash", "Combination"]

SERVICE: Final[tuple[Combination, ...]] = (*services.ROWS, *joints.ROWS, *deployments.ROWS)
TASK_DEFINITION: Final[tuple[Combination, ...]] = (*revisions.ROWS, *containers.ROWS)
