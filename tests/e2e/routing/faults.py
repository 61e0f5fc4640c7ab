"""What becomes of a request whose first place has one of the sandbox's faults, asked for whole and as a stream."""

from dataclasses import dataclass, replace
from typing import Literal

Outcome = Literal["served", "elsewhere", "told", "broken", "passed"]
"""What its client gets:

- served: the answer of the first place, which has only an odd way of giving it;
- elsewhere: the answer of the fallback;
- told: the error, because the client has to mend it;
- broken: a beginning, and then its dialect's error;
- passed: in the provider's own dialect, every byte that it sent, whatever that is worth.
"""


@dataclass(frozen=True)
class Fate:
    """What becomes of one request.

    Attributes:
        outcomes: more than one where it depends on how much of the stream came in one read.
        end_reason, error_code, status: of the row of the first attempt; once a stream has begun its status is 200.
        is_made: whether its provider has begun an answer, or may have; then it is charged by estimate.
    """

    outcomes: tuple[Outcome, ...]
    end_reason: str = "completed"
    error_code: str = ""
    status: int = 200
    is_made: bool = False


@dataclass(frozen=True)
class Fault:
    """One fault. `is_quiet`: it is noticed only because a time limit passes."""

    whole: Fate
    stream: Fate
    is_quiet: bool = False

    def fate(self, *, stream: bool) -> Fate:
        """Return what becomes of a request, which is for a stream or not."""
        return self.stream if stream else self.whole


def _alike(fate: Fate) -> Fault:
    return Fault(fate, fate)


_SERVED = Fate(("served",))
_REFUSED = Fate(("elsewhere",), "provider_error", "provider_refused", 502)
_UNREADABLE = Fate(("elsewhere",), "provider_error", "provider_protocol_error", 502)
_CUT = Fate(("elsewhere",), "provider_cut", "provider_cut", 502, is_made=True)
_SILENT = Fate(("elsewhere",), "provider_timeout", "provider_timeout", 504, is_made=True)
_EITHER: tuple[Outcome, ...] = ("elsewhere", "broken")

FAULTS = {
    "refuse": _alike(Fate(("elsewhere",), "provider_unreachable", "provider_unreachable", 502)),
    "400": _alike(Fate(("told",), "client_error", "provider_refused", 400)),
    "401": _alike(Fate(("elsewhere",), "provider_error", "provider_credentials_rejected", 502)),
    "429": _alike(replace(_REFUSED, status=429)),
    "500": _alike(replace(_REFUSED, status=500)),
    "503": _alike(replace(_REFUSED, status=503)),
    "silent": Fault(_SILENT, _SILENT, is_quiet=True),
    "stall": Fault(_SILENT, replace(_SILENT, outcomes=("broken",)), is_quiet=True),
    "wrong-type": _alike(_UNREADABLE),
    "not-json": _alike(_UNREADABLE),
    "malformed-chunk": Fault(_UNREADABLE, replace(_UNREADABLE, outcomes=_EITHER, is_made=True)),
    "error-event": Fault(_REFUSED, replace(_REFUSED, is_made=True)),
    "error-midstream": Fault(_REFUSED, replace(_REFUSED, outcomes=_EITHER, is_made=True)),
    "cut": Fault(_CUT, replace(_CUT, outcomes=("broken",))),
    "clean-cut": Fault(_CUT, replace(_CUT, outcomes=("broken",))),
    "bad-chunked": Fault(_CUT, replace(_CUT, outcomes=("broken",))),
    "slow-first-byte": _alike(_SERVED),
    "gzip": _alike(_SERVED),
}
"""Those of the sandbox that are no failures (`no-usage`, `usage-in-finish`), have no end (`endless`, `trickle`) or are
only big (`huge`) are other tests' subjects; `429-once` is that of `test_waiting.py`."""
OVERLOADED_MESSAGES = 529
"""How Anthropic's API says 503 (docs.anthropic.com/en/api/errors, read 2026-11)."""
FAILED_GEMINI = 500
"""Gemini's errors tell their status in their body, which counts in a stream too."""


def status_told(provider: str, fault: str) -> int:
    """Return the status in the row of an attempt that failed before its stream had begun."""
    if (provider, fault) == ("messages", "503"):
        return OVERLOADED_MESSAGES
    if provider == "gemini" and fault.startswith("error-"):
        return FAILED_GEMINI
    return FAULTS[fault].whole.status
