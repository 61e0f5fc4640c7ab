"""What the limits of a lane left lately, so that most requests hold in one step what they may need.

How much a request has to hold depends on how much is left, which the limiter says when something is held: two steps,
and with a limiter that is asked over the network two round trips. But far from every limit the second step says what
it said for the request before. So the holding is worked out from what was left then, less a quarter, and taken in one
step. That it could be taken is all that counts: nothing is used that is not held, whatever is left meanwhile. Now and
then what is left is looked at again, and at once when a request did not find as much.
"""

from typing import Final

from tokenrouter.domain.room import ENDLESS, Room

SAFETY: Final = 4
"""What is thought to be left is less by this part of it than it was."""
LOOK_EVERY: Final = 16
"""So many requests go by what was left for the one before them."""


class RoomHint:
    """What one lane's limits left. `room` is None where that is not known, or has to be looked at again."""

    __slots__ = ("_uses", "room")

    def __init__(self) -> None:
        self.room: Room | None = None
        self._uses = 0

    def learn(self, room: Room) -> None:
        """Take in what was left for a request."""
        self.room = Room(*(left if left == ENDLESS else left - left // SAFETY for left in room))
        self._uses = 0

    def use(self) -> None:
        """Note that a request held what it needs by it."""
        self._uses += 1
        if self._uses >= LOOK_EVERY:
            self.room = None

    def forget(self) -> None:
        """Know nothing any more: a request did not find what was thought to be left."""
        self.room = None
