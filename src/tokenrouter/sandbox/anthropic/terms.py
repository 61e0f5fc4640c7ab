"""On what terms a request is read: the API version and the betas it names.

From Anthropic's API reference ("Versions", "Beta headers", "Migrating to 2026-10-21"; as of 2026-11). The API takes
both from headers, the clouds from `anthropic_version` and `anthropic_beta` in the body; each cloud has a version of
its own beside the API's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.anthropic.errors import refuse
from tokenrouter.sandbox.anthropic.json import Block, Items, Text
from tokenrouter.sandbox.server import Request

CLASSIC: Final = "2023-06-01"
MODERN: Final = "2026-10-21"


@dataclass(frozen=True, slots=True)
class Terms:
    """`is_modern` from version 2026-10-21 on."""

    is_modern: bool
    betas: frozenset[str]

    def has(self, beta: str) -> bool:
        """Whether a beta was named that begins so: their dates change, their meaning seldom."""
        return any(each.startswith(beta) for each in self.betas)


def header_terms(request: Request) -> Terms:
    """Raises: AnthropicError 400, no version or one that never was."""
    version = request.headers.get("anthropic-version")
    if version is None:
        refuse("anthropic-version: header is required")
    if version not in (CLASSIC, MODERN):
        refuse(f'anthropic-version: "{version}" is not a valid version')
    named = request.headers.get("anthropic-beta", "").split(",")
    return Terms(version == MODERN, frozenset(beta.strip() for beta in named if beta.strip()))


def body_terms(body: Mapping[str, object], own_version: str, header: str = "") -> tuple[Terms, Block]:
    """The terms in a cloud's body, and the rest of it; `header` is its `anthropic-beta`.

    Raises:
        AnthropicError: 400, the version is neither the cloud's own nor the API's newest.
    """
    rest = dict(body)
    version, betas = rest.pop("anthropic_version", None), rest.pop("anthropic_beta", None) or []
    if version is None:
        refuse("anthropic_version: Field required")
    if version not in (own_version, MODERN):
        refuse(f"anthropic_version: Input should be '{own_version}' or '{MODERN}'")
    Items(Text()).check(betas, "anthropic_beta")
    named = [*betas, *header.split(",")] if isinstance(betas, list) else []
    return Terms(version == MODERN, frozenset(str(beta).strip() for beta in named if str(beta).strip())), rest
