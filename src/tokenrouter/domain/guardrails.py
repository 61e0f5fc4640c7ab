"""What an operator has put in the way of requests: guardrails that are built in, and hooks from other packages.

Plain data, as the file declares it, on its way to the processes that serve (inside the Catalog). What it does is in
`guardrails/` and behind `tokenrouter.hooks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

GuardrailKind = Literal["input_size", "block", "redact"]
BlockAction = Literal["refuse", "mask"]
Unreadable = Literal["allow", "refuse"]
"""What becomes of what no text can be read in: pictures, sound, files, forms, raw requests."""
OnError = Literal["refuse", "allow"]
"""What becomes of a request whose hook fails."""
Detector = Literal["email", "phone", "card", "iban", "ip", "secret"]
DETECTORS: Final[tuple[Detector, ...]] = get_args(Detector)
SCOPE_KINDS: Final = ("team", "user", "key")
EVERYBODY: Final = "global"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One that is built in (`[[guardrails]]`).

    Attributes:
        scopes: whose requests it looks at: `global`, `team:NAME`, `user:NAME`, `key:NAME`.
        max_tokens, max_bytes: of `input_size`: largest input, by estimate and as sent; 0 = no bound.
        words: of `block`: texts that may not be in a request, whatever their case.
        patterns: of `block` and `redact`: regular expressions by name, in RE2's syntax.
        mask: what `block` puts in their place, where it does not refuse.
        detect: of `redact`: what to look for.
        origin: where it is declared.
    """

    name: str
    kind: GuardrailKind
    scopes: tuple[str, ...] = (EVERYBODY,)
    max_tokens: int = 0
    max_bytes: int = 0
    words: tuple[str, ...] = ()
    patterns: dict[str, str] = field(default_factory=dict)
    action: BlockAction = "refuse"
    mask: str = "[removed]"
    detect: tuple[Detector, ...] = ()
    unreadable: Unreadable = "allow"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class HookSetting:
    """One from another package (`[[hooks]]`).

    Attributes:
        name: of the entry point.
        timeout_s: longest wait for what it does asynchronously.
        options: what it is made with.
    """

    name: str
    scopes: tuple[str, ...] = (EVERYBODY,)
    timeout_s: float = 1.0
    on_error: OnError = "refuse"
    options: dict[str, Any] = field(default_factory=dict)
    unreadable: Unreadable = "allow"
    origin: str = ""


def applies(scopes: Sequence[str], charged: Sequence[str]) -> bool:
    """Return whether `scopes` hold one of those whom a request is `charged` to."""
    return any(scope in charged for scope in scopes)
