"""One hook that is switched on: for whom, and what becomes of a request when it fails."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from tokenrouter.domain.errors import GatewayError, GuardrailRefused, HookFailed, InputTooLarge
from tokenrouter.gateway.directory import Principal
from tokenrouter.hooks import Follower, Hook, Refused

Guard = Callable[[Principal, str], None]
"""Raises a GatewayError where a principal may not send what nobody can read."""

log = structlog.get_logger(__name__)


def no_guard(_principal: Principal, _what: str) -> None:
    """Let everything pass; see `Guard`."""


@dataclass(frozen=True, slots=True)
class HookRule:
    """One hook, and for whom it is switched on.

    Attributes:
        name: the guardrail's or the entry point's.
        timeout_s: longest wait for what it does asynchronously.
        fails_open: whether a request goes on when the hook fails.
        refuses_unreadable: whether a request goes no further in which it cannot read everything.
    """

    name: str
    scopes: tuple[str, ...]
    hook: Hook
    timeout_s: float = 1.0
    fails_open: bool = False
    refuses_unreadable: bool = False

    def failed(self, where: str, error: Exception) -> None:
        """Note that the hook has failed.

        Raises:
            HookFailed: unless requests are to go on without it.
        """
        last = traceback.extract_tb(error.__traceback__)[-1:]
        at = f"{last[0].filename}:{last[0].lineno}" if last else ""
        log.error("a hook failed", hook=self.name, where=where, error=type(error).__name__, at=at)
        if not self.fails_open:
            raise HookFailed(f"The hook {self.name!r} failed, and requests do not go on without it.") from None


@dataclass(frozen=True, slots=True)
class Following:
    """Who follows one request, in the name of which hook."""

    rule: HookRule
    follower: Follower


def told(refused: Refused) -> GatewayError:
    """Return what the client is told."""
    return (InputTooLarge if refused.is_too_large else GuardrailRefused)(refused.message)
