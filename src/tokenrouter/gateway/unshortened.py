"""Keys whose answers are not shortened (`clamp = false`): their requests hold all that they may need, or are refused.

A program that cannot use half an answer had better be told before it pays for one. So nothing is left to grow: what
the client's own bound allows is held from the beginning, and where there is no room for it the refusal says how much
there is, for a request that asks for less.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tokenrouter.domain.errors import LimitReached, QuotaExceeded, QuotaReserved, RateLimited
from tokenrouter.domain.limits import Amounts, LimitState
from tokenrouter.domain.prices import Ceiling
from tokenrouter.domain.room import ANY_ROOM, USED_BY_ANSWERS
from tokenrouter.gateway.holding import LEAST_ANSWER, LONGEST_ANSWER, Holding, Wish

SOON_S: Final = 2.0
"""When to come back for what running requests hold: most answers take seconds."""


def hold_all(room: int, wish: Wish) -> Holding | None:
    """Return what to hold where a hard limit leaves `room` tokens; None when all that may be needed does not fit."""
    needed = needed_for(wish)
    return Holding(needed, None) if needed <= room else None


def needed_for(wish: Wish) -> int:
    """Return the most tokens that an answer may have which nobody shortens."""
    return LONGEST_ANSWER if wish.asked is None else wish.asked


def too_long(
    states: Sequence[LimitState], held: Amounts, input_tokens: int, ceiling: Ceiling | None, wish: Wish
) -> LimitReached | None:
    """Return what to tell of the limit that leaves least room; None where no answer worth asking for fits.

    `held` is what the request itself holds of these limits.
    """
    others = [replace(state, held=max(0, state.held - held.of(state.limit.metric))) for state in states]
    rooms = [
        (ANY_ROOM.narrowed(metric, state.amount - state.used - state.held).output_within(input_tokens, ceiling), state)
        for state in others
        if state.limit.mode == "hard" and (metric := state.limit.metric) in USED_BY_ANSWERS
    ]
    fits, state = min(rooms, key=lambda each: each[0], default=(-1, None))
    if state is None or fits < max(LEAST_ANSWER, wish.least):
        return None
    needed = needed_for(wish)
    asked = "names no bound, so it may have" if wish.asked is None else "may have"
    message = (
        f"The {state.limit.metric} limit of {state.scope} leaves room for an answer of {fits:,} tokens. The answer to "
        f"this request {asked} {needed:,}, and the key does not let it be shortened (clamp = false). "
        f"Ask for {fits:,} or less"
    )
    unheld = ANY_ROOM.narrowed(state.limit.metric, state.amount - state.used).output_within(input_tokens, ceiling)
    if unheld >= needed:
        refusal: LimitReached = QuotaReserved(f"{message}, or come back in a moment.", retry_after_s=SOON_S)
    else:
        kind = RateLimited if state.limit.window.kind == "sliding" else QuotaExceeded
        refusal = kind(f"{message}.", retry_after_s=state.resets_in_s)
    refusal.states = others
    return refusal


def others_were_faster() -> QuotaReserved:
    """Return what to tell where there was room a moment ago."""
    return QuotaReserved(
        "Other requests have just taken what the answer to this one may need, and the key does not let it be shortened "
        "(clamp = false); come back in a moment.",
        retry_after_s=SOON_S,
    )
