"""Files: `/v1/files`, their upload, list, page, content and end.

From OpenAI's API reference ("Files", read 2026-11). A caller sees only its own; they are kept in memory, the oldest not
longer than there is room.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai.forms import read_form, uploads
from tokenrouter.sandbox.openai.listing import Json, listing
from tokenrouter.sandbox.operations import Raw
from tokenrouter.sandbox.server import Request

MAX_BYTES: Final = 256 * 2**20
"""Of all files together."""
MOST_LISTED: Final = 10_000
PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
EXPIRY_S: Final = (3_600, 2_592_000)
"""The least and the most that `expires_after` may say: an hour and thirty days."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file and its page."""

    owner: str
    page: Json
    data: bytes

    @property
    def id(self) -> str:
        return str(self.page["id"])


class Files:
    """The files of all callers."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        self._bytes = 0

    def add(self, owner: str, filename: str, purpose: str, data: bytes, created: int, lasts_s: int | None) -> Json:
        """Keep a file and return its page."""
        page: Json = {
            "id": ids.letters("file-", 22),
            "object": "file",
            "bytes": len(data),
            "created_at": created,
            "expires_at": None if lasts_s is None else created + lasts_s,
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
        }
        self._files[str(page["id"])] = StoredFile(owner, page, data)
        self._bytes += len(data)
        while self._bytes > MAX_BYTES and len(self._files) > 1:
            self._bytes -= len(self._files.popitem(last=False)[1].data)
        return page

    def find(self, owner: str, name: str, param: str = "id") -> StoredFile:
        """Raises: ApiError 404, naming the `param` that named it."""
        found = self._files.get(name)
        if found is None or found.owner != owner:
            raise ApiError(404, f"No such File object: {name}", param=param)
        return found

    def delete(self, owner: str, name: str) -> Json:
        """Raises: ApiError 404."""
        self._bytes -= len(self.find(owner, name).data)
        del self._files[name]
        return {"id": name, "object": "file", "deleted": True}

    def pages(self, owner: str, purpose: str | None) -> list[Json]:
        """Oldest first."""
        mine = [each.page for each in self._files.values() if each.owner == owner]
        return [page for page in mine if purpose in (None, page["purpose"])]


def file_page(files: Files, request: Request, owner: str, created: int) -> object:
    """What a request to a path below `/v1/files` gets. Raises: ApiError 400, 404, 405."""
    name, _, rest = request.path.removeprefix("/v1/files").strip("/").partition("/")
    match (request.method, bool(name), rest):
        case ("POST", False, ""):
            return _upload(files, read_form(request), owner, created)
        case ("GET", False, ""):
            purpose = parse_qs(request.query).get("purpose", [None])[0]
            return listing(files.pages(owner, purpose), request, MOST_LISTED, MOST_LISTED)
        case ("GET", True, ""):
            return files.find(owner, name).page
        case ("DELETE", True, ""):
            return files.delete(owner, name)
        case ("GET", True, "content"):
            return Raw(files.find(owner, name).data, "content-type: application/octet-stream\r\n")
    raise ApiError(405, f"Not allowed to {request.method} on {request.path}.")


def _upload(files: Files, fields: Fields, owner: str, created: int) -> Json:
    fields.only(("file", "purpose", "expires_after"))
    purpose = fields.choice("purpose", PURPOSES)
    [*_, upload] = uploads(fields, "file")
    if purpose == "batch" and not upload.filename.endswith(".jsonl"):
        raise ApiError(400, "Invalid file format for Batch API. Must be .jsonl")
    expiry = fields.member("expires_after")
    lasts_s = None
    if expiry is not None:
        expiry.choice("anchor", ("created_at",))
        lasts_s = expiry.integer("seconds", *EXPIRY_S)
    return files.add(owner, upload.filename, purpose, upload.data, created, lasts_s)
