"""A provider's account in memory: files and batches of everybody, as the vendor shows them to whoever has its key."""

import asyncio
import itertools
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.gateway.fakes import Provided, Scripted
from tokenrouter.dialects.multipart import read_form
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.providers.outbound import UpstreamRequest

JSON = b"application/json"


class Account(Provided):
    """Answers like the vendor.

    Attributes:
        files, batches: what is in it, oldest first.
        contents: of files.
        seen: method and target of every request.
        gate: what requests wait for.
    """

    def __init__(self) -> None:
        super().__init__(RuntimeError("not scripted"))
        self.files: dict[str, dict[str, Any]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.seen: list[str] = []
        self.fail: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.asked_at_the_gate = asyncio.Event()
        self._numbers = itertools.count(1)

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        if self.fail is not None:
            raise self.fail
        if self.gate is not None:
            self.asked_at_the_gate.set()
            await self.gate.wait()
        self.asked.append(request)
        head, _, body = b"".join(request.data).partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        self.seen.append(f"{method} {target}")
        parts = urlsplit(target)
        answer = self._answer(method, parts.path.removeprefix("/v1/").split("/"), dict(parse_qsl(parts.query)), body)
        if answer is None:
            return Scripted(404, JSON, [b'{"error":{"message":"No such thing","code":null}}'])
        if isinstance(answer, bytes):
            return Content(answer)
        return Scripted(200, JSON, [json.dumps(answer).encode()])

    def add_file(self, content: bytes, **more: Any) -> dict[str, Any]:
        """Put a file in."""
        id_ = f"file-{next(self._numbers)}"
        self.contents[id_] = content
        self.files[id_] = {"id": id_, "object": "file", "bytes": len(content), **more}
        return self.files[id_]

    def finish(self, id_: str, status: str = "completed", results: bytes | None = None) -> None:
        """End a batch."""
        output = None if results is None else self.add_file(results, purpose="batch_output")["id"]
        self.batches[id_] |= {"status": status, "output_file_id": output}

    def _answer(self, method: str, path: list[str], query: dict[str, str], body: bytes) -> Any:
        match method, path:
            case "POST", ["files"]:
                form = read_form(body)
                part = next(part for part in form.parts if part.is_file)
                return self.add_file(body[part.start : part.end], purpose=form.text("purpose"))
            case "GET", ["files"]:
                return _page(self.files, query)
            case "GET", ["files", id_]:
                return self.files.get(id_)
            case "DELETE", ["files", id_]:
                gone = self.files.pop(id_, None)
                return gone and {"id": id_, "object": "file", "deleted": True}
            case "GET", ["files", id_, "content"]:
                return self.contents.get(id_)
            case "POST", ["batches"]:
                id_ = f"batch_{next(self._numbers)}"
                self.batches[id_] = {"id": id_, "object": "batch", "status": "validating", **json.loads(body)}
                return self.batches[id_]
            case "GET", ["batches"]:
                return _page(self.batches, query)
            case "GET", ["batches", id_]:
                return self.batches.get(id_)
            case "POST", ["batches", id_, "cancel"]:
                self.batches[id_]["status"] = "cancelling"
                return self.batches[id_]
        return None


class Content(Scripted):
    """A file's content, still arriving when its head is there."""

    def __init__(self, content: bytes) -> None:
        pieces = [content[at : at + 50] for at in range(0, len(content), 50)]
        super().__init__(200, b"application/octet-stream", pieces)
        self.complete = False

    def take(self) -> bytes:
        return b""


def _page(things: dict[str, dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    items = list(things.values())
    start = next((n + 1 for n, item in enumerate(items) if item["id"] == query.get("after")), 0)
    page = items[start : start + int(query["limit"])]
    return {"object": "list", "data": page, "has_more": start + len(page) < len(items)}
