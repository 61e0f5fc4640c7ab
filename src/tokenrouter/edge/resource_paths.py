"""Paths of what lies in a provider's account: files and batches, as OpenAI has them.

Each has more than one method, and most have an id in them; `paths` asks here for what is in no table.
"""

import re
from typing import Final

from tokenrouter.domain.ownership import IdKind
from tokenrouter.gateway.account.call import Action, ResourceTarget

COLLECTIONS: Final = {"/files": ResourceTarget("file"), "/batches": ResourceTarget("batch")}
METHODS: Final[dict[tuple[IdKind, Action], bytes]] = {
    ("file", "collection"): b"GET, POST",
    ("file", "item"): b"DELETE, GET",
    ("file", "content"): b"GET",
    ("batch", "collection"): b"GET, POST",
    ("batch", "item"): b"GET",
    ("batch", "cancel"): b"POST",
}
"""What may be done, as an `allow` header says it."""

_PATH: Final = re.compile(rb"(?:/openai)?(?:/v1)?/(files|batches)/([^/]+)(?:/(content|cancel))?")
_KINDS: Final[dict[bytes, IdKind]] = {b"files": "file", b"batches": "batch"}
_ACTIONS: Final[dict[bytes | None, Action]] = {None: "item", b"content": "content", b"cancel": "cancel"}


def find_resource(path: bytes) -> tuple[ResourceTarget, bytes] | None:
    """Return what a path with an id in it is about, and the methods it takes; the id still has its percent escapes."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    kind, action = _KINDS[found[1]], _ACTIONS[found[3]]
    methods = METHODS.get((kind, action))
    return None if methods is None else (ResourceTarget(kind, action, found[2].decode("latin-1")), methods)
