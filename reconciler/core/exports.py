"""From a described body to a definition file: what `init` writes for something that runs already.

Takes what AWS describes and a kind. Gives the body as a user would have written it: list-shaped, without what AWS
alone says, and without what the project file or the plan says (cluster, service and revision, as with the peer).
Never looks at files, and never decides what compares equal: that is `canon`'s.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.canon import canon
from reconciler.core.kinds import Kind
from reconciler.core.values import JsonObject

SAID_ELSEWHERE: Final = frozenset({"cluster", "serviceName", "taskDefinition"})
"""Members of CreateService that a definition file leaves to the project file, and to the plan."""

_AWS_TAGS: Final = "aws:"


def definition(kind: Kind, body: JsonObject) -> JsonObject:
    """Give the definition of a described service or task definition (as `engine.ports.Snapshot` holds them).

    Defaults that AWS shows stay, so that the file says what holds; tags that only AWS can set go.
    """
    found = canon(kind, body, desired=False)
    kept = {
        name: value
        for name, value in found.wire.items()
        if name not in SAID_ELSEWHERE
        and (name in found.tree or kind.node.members[name].rule.absent_if is None)
    }
    tags = kept.pop("tags", None)
    if isinstance(tags, list):
        own = [tag for tag in tags if isinstance(tag, dict) and not str(tag.get("key")).startswith(_AWS_TAGS)]
        return kept | ({"tags": own} if own else {})
    return kept
