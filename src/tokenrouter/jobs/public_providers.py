"""Public providers that answer without a key: they join while their list of models is answered quickly.

Prompts go to a third party there, so they are asked only when the operator has switched them on. One that has joined is
asked no more here, since checks of all providers tell how it is.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.conditions import Status
from tokenrouter.gateway.health import AWAY
from tokenrouter.jobs.model_question import ask_for_models
from tokenrouter.upstream.client import UpstreamClient

PATIENCE_S: Final = 1.2
"""As TokenRouter-Go (its probe, read 2026-11): who is slower is as good as away."""
_TIMEOUTS: Final = Timeouts(PATIENCE_S, PATIENCE_S, PATIENCE_S, PATIENCE_S)


class PublicProviders:
    """Finds those that answer."""

    def __init__(
        self,
        upstream: UpstreamClient,
        candidates: Callable[[], Sequence[Provider] | None],
        status: Callable[[str], Status],
    ) -> None:
        """`candidates` returns None while they are switched off; `status` says how one that has joined is."""
        self._upstream = upstream
        self._candidates = candidates
        self._status = status
        self._joined: set[str] = set()

    async def look(self) -> dict[str, Provider] | None:
        """Return those that are there, by name; None when nobody is to be asked."""
        candidates = self._candidates()
        if candidates is None:
            self._joined.clear()
            return None
        answers = await asyncio.gather(*(self._is_there(provider) for provider in candidates))
        found = {one.name: one for one, is_there in zip(candidates, answers, strict=True) if is_there}
        self._joined = set(found)
        return found

    async def _is_there(self, provider: Provider) -> bool:
        if provider.name in self._joined and self._status(provider.name) not in AWAY:
            return True
        try:
            async with asyncio.timeout(PATIENCE_S):
                look = await ask_for_models(self._upstream, provider, _TIMEOUTS)
        except TimeoutError:
            return False
        return bool(look.models)
