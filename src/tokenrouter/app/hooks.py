"""Making hooks out of their settings: those that are built in, and those that installed packages offer."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Final

import structlog

from tokenrouter.domain.guardrails import Guardrail, HookSetting
from tokenrouter.gateway.hook_rules import HookRule
from tokenrouter.guardrails.building import built
from tokenrouter.hooks import ENTRY_POINTS, Follower, Hook, HookRequest

GUARDRAIL_S: Final = 60.0
"""Longest time that a guardrail takes over one request while others have their turn."""

log = structlog.get_logger(__name__)


class HookNotUsable(ValueError):
    """A hook that cannot be loaded or made; the message says which and why."""


class Unusable(Hook):
    """Stands in for a hook that could not be made after a change, and fails whenever it is asked."""

    def before_request(self, request: HookRequest) -> Follower | None:
        raise HookNotUsable


class HookShelf:
    """The hooks of one data process; what did not change is not made again."""

    def __init__(self) -> None:
        self._guardrails: dict[str, tuple[Guardrail, HookRule]] = {}
        self._hooks: list[tuple[HookSetting, HookRule]] = []

    def rules(
        self, guardrails: Sequence[Guardrail], hooks: Sequence[HookSetting], *, is_start: bool = False
    ) -> list[HookRule]:
        """Return what is switched on, guardrails first: hooks of other packages see what those have left.

        Raises:
            HookNotUsable: at the start; later such a hook is logged, and fails whenever it is asked.
        """
        self._guardrails = dict(self._guarding(guardrails))
        self._hooks = list(self._hooking(hooks, is_start=is_start))
        return [rule for _, rule in (*self._guardrails.values(), *self._hooks)]

    def _guarding(self, guardrails: Sequence[Guardrail]) -> Iterator[tuple[str, tuple[Guardrail, HookRule]]]:
        for guardrail in guardrails:
            known = self._guardrails.get(guardrail.name)
            if known is None or known[0] != guardrail:
                known = guardrail, _guardrail_rule(guardrail)
            yield guardrail.name, known

    def _hooking(self, hooks: Sequence[HookSetting], *, is_start: bool) -> Iterator[tuple[HookSetting, HookRule]]:
        for setting in hooks:
            known = next((one for one in self._hooks if one[0] == setting), None)
            yield known or (setting, _hook_rule(setting, is_start=is_start))


def _guardrail_rule(guardrail: Guardrail) -> HookRule:
    hook = built(guardrail)
    refuses_unreadable = guardrail.unreadable == "refuse"
    return HookRule(guardrail.name, guardrail.scopes, hook, GUARDRAIL_S, refuses_unreadable=refuses_unreadable)


def _hook_rule(setting: HookSetting, *, is_start: bool) -> HookRule:
    try:
        hook = load_hook(setting.name, setting.options)
    except HookNotUsable as error:
        if is_start:
            raise
        log.error("a hook cannot be used", hook=setting.name, reason=str(error))
        hook = Unusable()
    return HookRule(
        setting.name,
        setting.scopes,
        hook,
        setting.timeout_s,
        setting.on_error == "allow",
        setting.unreadable == "refuse",
    )


def load_hook(name: str, options: Mapping[str, Any]) -> Hook:
    """Return the hook that an installed package offers under `name`, made with `options`.

    Raises:
        HookNotUsable: there is none, it cannot be imported or made, or it is no hook.
    """
    found = next(iter(entry_points(group=ENTRY_POINTS, name=name)), None)
    if found is None:
        raise HookNotUsable(f"hooks: no installed package offers the hook {name!r}")
    try:
        hook = found.load()(dict(options))
    except Exception as error:
        raise HookNotUsable(f"hooks: {name!r} ({found.value}) failed: {type(error).__name__}: {error}") from error
    if not isinstance(hook, Hook):
        raise HookNotUsable(
            f"hooks: {name!r} ({found.value}) made a {type(hook).__name__}, not a tokenrouter.hooks.Hook"
        )
    return hook
