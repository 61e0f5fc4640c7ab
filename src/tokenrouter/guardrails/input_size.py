"""The largest input that may be sent to a model: a seatbelt against a file pasted by mistake."""

from tokenrouter.domain.guardrails import Guardrail
from tokenrouter.hooks import Follower, Hook, HookRequest, Refused


class InputSize(Hook):
    """Refuses what is larger, by estimate and as it was sent."""

    def __init__(self, guardrail: Guardrail) -> None:
        self._name = guardrail.name
        self._max_tokens = guardrail.max_tokens
        self._max_bytes = guardrail.max_bytes

    def before_request(self, request: HookRequest) -> Follower | None:
        if 0 < self._max_bytes < request.body_bytes:
            raise self._refusal(f"{request.body_bytes} bytes", f"{self._max_bytes} bytes")
        if 0 < self._max_tokens < request.estimated_tokens:
            raise self._refusal(f"an estimated {request.estimated_tokens} tokens", f"{self._max_tokens}")
        return None

    def _refusal(self, has: str, most: str) -> Refused:
        return Refused(
            f"The request has {has}; the guardrail {self._name!r} lets through at most {most}. "
            "Send less: shorten the conversation, or leave out what the model does not need.",
            is_too_large=True,
        )
