"""Vector stores: `/v1/vector_stores`, as far as they can be made, changed, listed and deleted.

From OpenAI's API reference ("Vector stores", read 2026-11). Files are counted and not searched.
"""

import itertools
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai.files import Files
from tokenrouter.sandbox.openai.listing import Json, listing
from tokenrouter.sandbox.operations import read_json
from tokenrouter.sandbox.server import Request

MOST_LISTED: Final = 100
MAX_STORES: Final = 10_000
_KNOWN: Final = ("name", "description", "metadata", "expires_after", "file_ids", "chunking_strategy")
_CHANGEABLE: Final = ("name", "metadata", "expires_after")


class VectorStores:
    """The stores of all callers; the oldest are forgotten."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._stores: dict[tuple[str, str], Json] = {}

    def page(self, request: Request, owner: str, created: int) -> object:
        """What a request to a path below `/v1/vector_stores` gets. Raises: ApiError 400, 404, 405."""
        name, _, rest = request.path.removeprefix("/v1/vector_stores").strip("/").partition("/")
        match (request.method, bool(name), rest):
            case ("POST", False, ""):
                return self._create(read_json(request) if request.body else Fields({}), owner, created)
            case ("GET", False, ""):
                return listing([each for (who, _), each in self._stores.items() if who == owner], request, MOST_LISTED)
            case ("GET", True, ""):
                return self._find(owner, name)
            case ("POST", True, ""):
                return self._change(self._find(owner, name), read_json(request))
            case ("DELETE", True, ""):
                self._find(owner, name)
                del self._stores[owner, name]
                return {"id": name, "object": "vector_store.deleted", "deleted": True}
        raise ApiError(405, f"Not allowed to {request.method} on {request.path}.")

    def _create(self, fields: Fields, owner: str, created: int) -> Json:
        fields.only(_KNOWN)
        named = fields.texts("file_ids", 500)
        held = [self._files.find(owner, each, "file_ids") for each in named]
        counts = dict.fromkeys(("in_progress", "cancelled", "failed"), 0)
        store: Json = {
            "id": ids.digits("vs_", 32),
            "object": "vector_store",
            "created_at": created,
            "description": fields.text("description"),
            "usage_bytes": sum(len(each.data) for each in held),
            "file_counts": {**counts, "completed": len(held), "total": len(held)},
            "status": "completed",
            "expires_at": None,
            "last_active_at": created,
        }
        self._change(store, fields)
        self._stores[owner, str(store["id"])] = store
        for oldest in list(itertools.islice(self._stores, max(0, len(self._stores) - MAX_STORES))):
            del self._stores[oldest]
        return store

    def _change(self, store: Json, fields: Fields) -> Json:
        fields.only((*_KNOWN, *_CHANGEABLE))
        name, metadata, expiry = fields.text("name"), fields.member("metadata"), fields.member("expires_after")
        store["name"] = store.get("name") if name is None else name
        store["metadata"] = store.get("metadata", {}) if metadata is None else metadata.values
        store["expires_after"] = store.get("expires_after") if expiry is None else expiry.values
        return store

    def _find(self, owner: str, name: str) -> Json:
        found = self._stores.get((owner, name))
        if found is None:
            raise ApiError(404, f"Vector store with id '{name}' not found.")
        return found
