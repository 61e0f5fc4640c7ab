"""A request about what lies in a provider's account, as the edge hands it over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tokenrouter.domain.ownership import IdKind
from tokenrouter.gateway.call import Call

Action = Literal["collection", "item", "content", "cancel"]


@dataclass(frozen=True, slots=True)
class ResourceTarget:
    """What a path is about: all files, one batch, the content of one file and so on."""

    kind: IdKind
    action: Action = "collection"
    id: str = ""


@dataclass(frozen=True, slots=True)
class ResourceCall:
    """One request.

    Attributes:
        query: without what is for us.
        provider: the one that was asked for, or "".
    """

    call: Call
    method: str
    target: ResourceTarget
    query: Mapping[str, str]
    provider: str = ""
