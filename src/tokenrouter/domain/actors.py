"""Who does something to this installation: what an audit entry says of it.

It is no permission: by the time there is an actor, it was decided that it may.
"""

from dataclasses import dataclass
from typing import Final, Literal

ActorKind = Literal["person", "key", "password", "setup-link", "command", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One who changes something.

    Attributes:
        kind: `password` is whoever knows `ADMIN_PASSWORD`, `command` whoever runs `torod` on the server, `system` the
            server itself.
        id: of the person or key; "" where there is none.
        name: as it was called then; of a command the user of the operating system.
        address: where the request came from; "" where there was none.
    """

    kind: ActorKind
    id: str = ""
    name: str = ""
    address: str = ""


SYSTEM: Final = Actor("system")
"""The server, in what it does by itself: keys that are cleaned up, use that a file brings along."""
