"""Personal data that the provider is not to see: placeholders go out in its place, and the answer has it again.

Within a request the same data always has the same placeholder, numbered in the order of the text, so a conversation
that is sent again with one more turn begins with the same bytes, which providers' prompt caches want. What stands for
what is known to the request alone and gone with it: nothing of it is kept or logged.
"""

import re
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tokenrouter.domain.guardrails import Guardrail
from tokenrouter.guardrails.patterns import compiled
from tokenrouter.guardrails.personal_data import RULES, Rule, Span
from tokenrouter.guardrails.turns import turn
from tokenrouter.hooks import Follower, Hook, HookRequest, Text, TextFilter, TextKind

LABEL: Final = re.compile(r"[A-Z][A-Z0-9_]{0,30}")
"""What operators may call what their own patterns find."""
AT_ONCE_BYTES: Final = 64 * 2**10
"""Longer requests are looked through a part at a time: a megabyte takes about half a second, or two where all of it is
personal data, and others would wait."""
CHARS_A_TURN: Final = 64 * 2**10
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z0-9_]{0,30}_[0-9]{1,9}>")
_FORM: Final = re.compile(r"(?:<|\\u003[cC])[A-Z][A-Z0-9_]{0,30}_[0-9]{1,9}(?:>|\\u003[eE])")
_OPENING: Final = "<\\"
_ESCAPES: Final = (("<", ">"), (r"\u003c", r"\u003e"), (r"\u003C", r"\u003E"))
"""How JSON may write the brackets: Go's encoder, which several providers use, escapes them (pkg.go.dev/encoding/json,
"HTMLEscape", read 2026-11)."""


class Redaction(Hook):
    """Puts placeholders in the place of what it finds."""

    def __init__(self, guardrail: Guardrail) -> None:
        """Look for what `guardrail` says.

        Raises:
            InvalidPattern: one of its patterns cannot be used.
        """
        own = [Rule(label, compiled(pattern), neighbours=False) for label, pattern in guardrail.patterns.items()]
        wanted = [name for name in RULES if name in guardrail.detect]
        self._rules = (*own, *(RULES[name] for name in wanted))

    def before_request(self, request: HookRequest) -> Follower | Awaitable[Follower | None] | None:
        """Redact every text; what a placeholder stands for is told to whoever follows the answer."""
        if request.body_bytes > AT_ONCE_BYTES:
            return self._in_turns(request)
        return _put(request, [(text, self._spans(text.value)) for text in request.texts])

    def _spans(self, text: str) -> list[tuple[Span, str]]:
        finds = Finds(text)
        for rule in self._rules:
            finds.look_for(rule)
        return finds.in_order()

    async def _in_turns(self, request: HookRequest) -> Follower | None:
        """Redact much text, and let other requests go on between two looks at some of it."""
        found: list[tuple[Text, list[tuple[Span, str]]]] = []
        looked_at = 0
        for text in request.texts:
            finds = Finds(text.value)
            for rule in self._rules:
                finds.look_for(rule)
                looked_at += len(text.value)
                if looked_at > CHARS_A_TURN:
                    looked_at = 0
                    await turn()
            found.append((text, finds.in_order()))
        return _put(request, found)


def _put(request: HookRequest, found: Sequence[tuple[Text, list[tuple[Span, str]]]]) -> Follower | None:
    """Put placeholders in the place of what was found in each text; None where that is nothing."""
    if not any(spans for _, spans in found):
        return None
    placeholders = Placeholders(text.value for text in request.texts)
    for text, spans in found:
        if spans:
            text.value = placeholders.put(text.value, spans)
    return Restoring(placeholders.originals)


class Finds:
    """What was found in one text, without overlaps; rules that look earlier win."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._taken = bytearray(len(text))
        self._found: list[tuple[Span, str]] = []

    def look_for(self, rule: Rule) -> None:
        """Take in what `rule` finds."""
        for span in rule.spans(self._text):
            if self._taken.find(1, span.start, span.end) < 0:
                self._taken[span.start : span.end] = b"\1" * (span.end - span.start)
                self._found.append((span, rule.label))

    def in_order(self) -> list[tuple[Span, str]]:
        """Return what was found and under which label, in the order of the text."""
        return sorted(self._found)


class Placeholders:
    """What stands for what in one request.

    Attributes:
        originals: by placeholder.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` are all of the request: what already looks like a placeholder there is not given to anything."""
        self._taken = {found for text in texts if "<" in text for found in _PLACEHOLDER.findall(text)}
        self._numbers: dict[str, int] = {}
        self._by_original: dict[tuple[str, str], str] = {}
        self.originals: dict[str, str] = {}

    def put(self, text: str, spans: Sequence[tuple[Span, str]]) -> str:
        """Return `text` with placeholders at `spans`, which are in order."""
        pieces: list[str] = []
        taken = 0
        for (start, end), label in spans:
            pieces += (text[taken:start], self._of(label, text[start:end]))
            taken = end
        return "".join((*pieces, text[taken:]))

    def _of(self, label: str, original: str) -> str:
        known = self._by_original.get((label, original))
        if known is None:
            known = self._by_original[label, original] = self._next(label)
            self.originals[known] = original
        return known

    def _next(self, label: str) -> str:
        while True:
            number = self._numbers[label] = self._numbers.get(label, 0) + 1
            placeholder = f"<{label}_{number}>"
            if placeholder not in self._taken:
                return placeholder


class Restoring(Follower):
    """Puts what was redacted back into the answer."""

    def __init__(self, originals: Mapping[str, str]) -> None:
        self._plain = dict(originals)
        self._in_json: dict[str, str] = {}

    def on_answer(self, kind: TextKind, *, is_json: bool) -> TextFilter | None:
        if not is_json:
            return Restorer(self._plain)
        self._in_json = self._in_json or _json_forms(self._plain)
        return Restorer(self._in_json)


class Restorer:
    """Puts originals back into one text that comes in pieces; see `hooks.TextFilter`.

    Of the text only an end is held back that may be the beginning of a placeholder.
    """

    __slots__ = ("_forms", "_held", "_longest")

    def __init__(self, forms: Mapping[str, str]) -> None:
        """`forms`: what placeholders may look like, and what is put in the place of each."""
        self._forms = forms
        self._longest = max(map(len, forms), default=0)
        self._held = ""

    def feed(self, text: str) -> str:
        text = self._held + text
        end = self._begun(text)
        self._held = text[end:]
        return _FORM.sub(self._original, text[:end])

    def close(self) -> str:
        held, self._held = self._held, ""
        return held

    def _original(self, found: re.Match[str]) -> str:
        return self._forms.get(found.group(), found.group())

    def _begun(self, text: str) -> int:
        """Return where a placeholder begins that `text` does not end, or its length."""
        for at in range(max(0, len(text) - self._longest + 1), len(text)):
            rest = text[at:]
            if rest[0] in _OPENING and any(form.startswith(rest) and form != rest for form in self._forms):
                return at
        return len(text)


def _json_forms(originals: Mapping[str, str]) -> dict[str, str]:
    """Return how placeholders may look within the strings of a JSON text, with what is to stand there instead."""
    forms = {}
    for placeholder, original in originals.items():
        escaped = msgspec.json.encode(original).decode()[1:-1]
        for opening, closing in _ESCAPES:
            forms[f"{opening}{placeholder[1:-1]}{closing}"] = escaped
    return forms
