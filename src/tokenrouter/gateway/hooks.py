"""The layer of guardrails and hooks: whoever is concerned sees a request before it is routed, and follows its answer.

What hooks see is read out of the client's own dialect, so that it is the same for every way that the request may take
behind; what they do not change stays byte for byte. Other people's code runs here: what it raises is logged under its
name, without its message, which may repeat what it has seen, and decides about that one request only.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.json_texts import JsonTexts
from tokenrouter.dialects.prompt_text import estimated_tokens
from tokenrouter.domain.errors import GatewayError, GuardrailRefused
from tokenrouter.domain.guardrails import applies
from tokenrouter.gateway.after_hooks import AfterHooks
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.hook_filters import Opening
from tokenrouter.gateway.hook_rules import Following, HookRule, told
from tokenrouter.gateway.hooked_answers import HookedAnswer
from tokenrouter.gateway.layers import Onward
from tokenrouter.gateway.ports import Responder
from tokenrouter.hooks import Follower, HookRequest, Refused, Text

_NO_TEXTS: Final[tuple[Text, ...]] = ()
_model: Final = msgspec.json.Decoder(str)


class HookLayer:
    """Shows requests to hooks; see `layers.Layer`. One per data process."""

    def __init__(self, after: AfterHooks) -> None:
        """`after` tells followers what was charged."""
        self._after = after
        self._rules: tuple[HookRule, ...] = ()

    def apply(self, rules: Sequence[HookRule]) -> None:
        """Follow a changed configuration; principals of before keep what concerned them."""
        self._rules = tuple(rules)

    def concerns(self, call: Call, principal: Principal) -> bool:
        if not self._rules:
            return False
        known = principal.layered.get(self)
        return bool(self._rules_of(principal) if known is None else known)

    def require_readable(self, principal: Principal, what: str) -> None:
        """Let `what` pass, in which nobody looks for texts.

        Raises:
            GuardrailRefused: one of the principal's hooks wants to read everything.
        """
        for rule in self._rules_of(principal):
            if rule.refuses_unreadable:
                raise _unreadable(rule, what)

    def _rules_of(self, principal: Principal) -> tuple[HookRule, ...]:
        """Return what is switched on for `principal`, worked out once for each."""
        found: tuple[HookRule, ...] | None = principal.layered.get(self)
        if found is None:
            found = tuple(rule for rule in self._rules if applies(rule.scopes, principal.scopes))
            principal.layered[self] = found
        return found

    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        """Show the request to its hooks, one after the other, and its answer to whoever follows it.

        Raises:
            GuardrailRefused, InputTooLarge, HookFailed: it goes no further.
            InvalidJson, NestedTooDeeply: nobody can say what it holds.
        """
        read = JsonTexts(call.body) if call.body.lstrip()[:1] in (b"{", b"[") else None
        request = _request(call, principal, read)
        following: list[Following] = []
        changing: list[str] = []
        for rule in self._rules_of(principal):
            before = [text.value for text in request.texts]
            follower = await _ask(rule, request, before)
            if follower is not None:
                following.append(Following(rule, follower))
            if before != [text.value for text in request.texts]:
                changing.append(rule.name)
        if read is not None and changing:
            call = replace(call, body=read.written())
        is_noted = self._after.follow(call.request_id, following)
        await onward(*_answering(call, responder, following, changing))
        if is_noted:
            self._after.forget(call.request_id)


def _request(call: Call, principal: Principal, read: JsonTexts | None) -> HookRequest:
    key = principal.key
    fields = {} if read is None or not isinstance(read.value, dict) else peek_object(call.body).fields
    unreadable = frozenset(("form",)) if read is None else frozenset(read.unreadable)
    return HookRequest(
        call.request_id,
        key.name,
        _name(principal, "user:"),
        _name(principal, "team:"),
        call.head.model or _model_in(fields),
        call.head.dialect.operation,
        _NO_TEXTS if read is None else tuple(read.texts),
        unreadable if call.body else frozenset(),
        len(call.body),
        estimated_tokens(fields),
    )


def _name(principal: Principal, kind: str) -> str:
    return next((scope.removeprefix(kind) for scope in principal.scopes if scope.startswith(kind)), "")


def _model_in(fields: RawObject) -> str:
    try:
        return _model.decode(fields["model"]) if "model" in fields else ""
    except msgspec.DecodeError:
        return ""


async def _ask(rule: HookRule, request: HookRequest, before: Sequence[str]) -> Follower | None:
    """Return who follows the answer in the name of `rule`; a hook that failed has changed nothing: texts are as before.

    Raises:
        GuardrailRefused, InputTooLarge, HookFailed
    """
    if rule.refuses_unreadable and request.unreadable:
        raise _unreadable(rule, " and ".join(sorted(request.unreadable)))
    try:
        found = rule.hook.before_request(request)
        return await bounded(found, rule.timeout_s) if isinstance(found, Awaitable) else found
    except Refused as refused:
        raise told(refused) from None
    except GatewayError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody else's code; it decides about one request only
        for text, value in zip(request.texts, before, strict=True):
            text.value = value
        rule.failed("before_request", error)
        return None


async def bounded(waiting: Awaitable[Follower | None], timeout_s: float) -> Follower | None:
    """Return what `waiting` gives; requests run without a task, so it gets one of its own.

    Raises:
        TimeoutError: it took longer than `timeout_s`.
    """
    task = asyncio.ensure_future(waiting)
    try:
        await asyncio.wait((task,), timeout=timeout_s)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()


def _unreadable(rule: HookRule, what: str) -> GuardrailRefused:
    return GuardrailRefused(
        f"The guardrail {rule.name!r} has to read everything that is sent, and cannot read this: {what}. Leave it out."
    )


def _answering(
    call: Call, responder: Responder, following: Sequence[Following], changing: Sequence[str]
) -> tuple[Call, Responder]:
    """Return the call as it goes on, and who takes its answer.

    An array is told apart only when it ends, so one that somebody looks into is asked for as events.
    """
    seeing = [one for one in following if type(one.follower).on_answer is not Follower.on_answer]
    if not seeing and not changing:
        return call, responder
    is_array = not call.head.sse and bool(seeing)
    answer = HookedAnswer(
        responder,
        call.head.dialect.operation,
        Opening(seeing) if seeing else None,
        headers=b"x-tokenrouter-guardrails: %b\r\n" % ", ".join(changing).encode() if changing else b"",
        is_array=is_array,
    )
    return (replace(call, head=replace(call.head, sse=True)) if is_array else call), answer
