"""Batches: `/v1/batches`, many requests in one file, answered in another.

From OpenAI's API reference ("Batch", read 2026-11) and recorded exchanges: a file whose lines are wrong makes a batch
that has `failed` and says which; a request that is refused goes to the error file. All lines are answered when the
batch is made, yet it tells of that only when it is looked at again. With `{"sandbox": "waits"}` in its metadata it
answers nothing and waits to be cancelled.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields, read_body
from tokenrouter.sandbox.openai.files import EXPIRY_S, Files
from tokenrouter.sandbox.openai.listing import Json, listing
from tokenrouter.sandbox.operations import AskNow, read_json
from tokenrouter.sandbox.server import Request

ENDPOINTS: Final = (
    "/v1/responses", "/v1/chat/completions", "/v1/embeddings", "/v1/completions", "/v1/moderations",
    "/v1/images/generations",
)  # fmt: skip
MAX_LINES: Final = 50_000
MAX_BATCHES: Final = 1000
MOST_LISTED: Final = 100
DAY_S: Final = 86_400
OUTPUT_LASTS_S: Final = 30 * DAY_S
WAITS: Final = "waits"
_KNOWN: Final = ("input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after")
_TIMES: Final = ("in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at",
                 "cancelled_at")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """One request of the input file."""

    custom_id: str
    body: Json


@dataclass(slots=True)
class _Batch:
    """The page of a batch as it is, and as it will be when somebody looks; both may be the same."""

    page: Json
    next: Json


class Batches:
    """The batches of all callers; the oldest are forgotten."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._batches: dict[tuple[str, str], _Batch] = {}

    def page(self, request: Request, owner: str, created: int, ask: AskNow) -> object:
        """What a request to a path below `/v1/batches` gets; `ask` answers a line. Raises: ApiError 400, 404, 405."""
        name, _, rest = request.path.removeprefix("/v1/batches").strip("/").partition("/")
        match (request.method, bool(name), rest):
            case ("POST", False, ""):
                return self._create(request, owner, created, ask)
            case ("GET", False, ""):
                mine = [self._seen(batch) for (who, _), batch in self._batches.items() if who == owner]
                return listing(mine, request, MOST_LISTED)
            case ("GET", True, ""):
                return self._seen(self._find(owner, name))
            case ("POST", True, "cancel"):
                return self._cancel(self._find(owner, name), created)
        raise ApiError(405, f"Not allowed to {request.method} on {request.path}.")

    def _create(self, request: Request, owner: str, created: int, ask: AskNow) -> Json:
        fields = read_json(request)
        fields.only(_KNOWN)
        endpoint = fields.choice("endpoint", ENDPOINTS)
        fields.choice("completion_window", ("24h",))
        metadata = fields.member("metadata")
        file = self._files.find(owner, fields.required_text("input_file_id"), "input_file_id")
        if file.page["purpose"] != "batch":
            fields.refuse("input_file_id", "Invalid file purpose: expected a file with purpose 'batch'.")
        page = _new_page(endpoint, file.id, metadata.values if metadata else None, created)
        lines, problems = _lines(file.data, endpoint)
        if problems:
            following = {**page, "status": "failed", "failed_at": created, "errors": _problem_list(problems)}
        elif metadata is not None and metadata.values.get("sandbox") == WAITS:
            following = {**page, "status": "in_progress", "in_progress_at": created, **_counts(len(lines), 0, 0)}
        else:
            each = dataclasses.replace(request, path=endpoint)
            results = [_result(line, each, ask) for line in lines]
            following = self._answered(page, lines, results, owner, _lasts_s(fields))
        self._batches[owner, str(page["id"])] = _Batch(page, following)
        if len(self._batches) > MAX_BATCHES:
            del self._batches[next(iter(self._batches))]
        return page

    def _answered(self, page: Json, lines: Sequence[_Line], results: Sequence[Json], owner: str, lasts_s: int) -> Json:
        created = cast(int, page["created_at"])
        good = [result for result in results if _status(result) == 200]
        bad = [result for result in results if _status(result) != 200]
        times = dict.fromkeys(("in_progress_at", "finalizing_at", "completed_at"), created)
        return {
            **page,
            **times,
            "status": "completed",
            "output_file_id": self._written(owner, page, "output", good, lasts_s),
            "error_file_id": self._written(owner, page, "error", bad, lasts_s),
            "model": lines[0].body.get("model"),
            "usage": _usage(good),
            **_counts(len(lines), len(good), len(bad)),
        }

    def _written(self, owner: str, page: Json, kind: str, results: Sequence[Json], lasts_s: int) -> object:
        if not results:
            return None
        data = b"".join(encoded(result) + b"\n" for result in results)
        name = f"{page['id']}_{kind}.jsonl"
        created = cast(int, page["created_at"])
        return self._files.add(owner, name, "batch_output", data, created, lasts_s)["id"]

    def _find(self, owner: str, name: str) -> _Batch:
        found = self._batches.get((owner, name))
        if found is None:
            raise ApiError(404, f"No batch found with id '{name}'.")
        return found

    def _seen(self, batch: _Batch) -> Json:
        batch.page = batch.next
        return batch.page

    def _cancel(self, batch: _Batch, now: int) -> Json:
        if batch.next["status"] != "in_progress":
            message = f"Cannot cancel a batch with status '{batch.next['status']}'."
            raise ApiError(400, message, code="invalid_request")
        batch.page = {**batch.next, "status": "cancelling", "cancelling_at": now}
        batch.next = {**batch.page, "status": "cancelled", "cancelled_at": now}
        return batch.page


def _lasts_s(fields: Fields) -> int:
    """How long the files with the results are kept."""
    expiry = fields.member("output_expires_after")
    return (expiry.integer("seconds", *EXPIRY_S) if expiry else None) or OUTPUT_LASTS_S


def _new_page(endpoint: str, file_id: str, metadata: Json | None, created: int) -> Json:
    return {
        "id": ids.digits("batch_", 32),
        "object": "batch",
        "endpoint": endpoint,
        "model": None,
        "errors": None,
        "input_file_id": file_id,
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": created,
        **dict.fromkeys(_TIMES),
        "expires_at": created + DAY_S,
        "usage": None,
        "metadata": metadata,
        **_counts(0, 0, 0),
    }


def _counts(total: int, completed: int, failed: int) -> Json:
    return {"request_counts": {"total": total, "completed": completed, "failed": failed}}


def _lines(data: bytes, endpoint: str) -> tuple[list[_Line], list[Json]]:
    """The requests of a file, and what is wrong with it; one of both is empty."""
    raw = [line for line in data.split(b"\n") if line.strip()]
    if not raw:
        return [], [_problem("empty_file", "The input file is empty. Please ensure it has at least one request.", None)]
    if len(raw) > MAX_LINES:
        message = f"This file contains more than the maximum of {MAX_LINES} requests."
        return [], [_problem("too_many_tasks", message, None)]
    lines: list[_Line] = []
    problems: list[Json] = []
    names: set[str] = set()
    for number, text in enumerate(raw, start=1):
        line, problem = _line(text, number, endpoint)
        if line is not None and line.custom_id in names:
            message = f"The custom_id '{line.custom_id}' has been used before in this file."
            problem = _problem("duplicate_custom_id", message, number, "custom_id")
        elif line is not None and lines and line.body.get("model") != lines[0].body.get("model"):
            message = "All requests of a batch have to name the same model."
            problem = _problem("model_mismatch", message, number, "body.model")
        if problem is not None:
            problems.append(problem)
        elif line is not None:
            lines.append(line)
            names.add(line.custom_id)
    return ([], problems) if problems else (lines, [])


def _line(text: bytes, number: int, endpoint: str) -> tuple[_Line | None, Json | None]:
    try:
        fields = read_body(text)
    except ApiError:
        return None, _problem("invalid_json_line", "This line is not parseable as valid JSON.", number)
    try:
        name, body = fields.required_text("custom_id"), fields.required_member("body").values
        fields.choice("method", ("POST",))
        if fields.required_text("url") != endpoint:
            message = f"The URL provided for this request does not match the batch endpoint '{endpoint}'."
            fields.refuse("url", message, "url_mismatch")
    except ApiError as error:
        return None, _problem(error.code or "invalid_request", error.message, number, error.param)
    return _Line(name, body), None


def _problem(code: str, message: str, line: int | None, param: str | None = None) -> Json:
    return {"code": code, "message": message, "param": param, "line": line}


def _problem_list(problems: Sequence[Json]) -> Json:
    return {"object": "list", "data": list(problems)}


def _result(line: _Line, request: Request, ask: AskNow) -> Json:
    """The line of the output or error file that answers one request."""
    fields = Fields(line.body)
    try:
        if fields.flag("stream"):
            fields.refuse("stream", "Streaming is not supported in the Batch API.", "unsupported_value")
        body, status = ask(dataclasses.replace(request, body=json.dumps(line.body).encode())), 200
    except ApiError as error:
        body, status = error.document(), error.status
    response = {"status_code": status, "request_id": ids.digits("", 32), "body": body}
    return {"id": ids.digits("batch_req_", 32), "custom_id": line.custom_id, "response": response, "error": None}


def _status(result: Json) -> object:
    return cast(Json, result["response"])["status_code"]


def _usage(results: Sequence[Json]) -> Json:
    """The sum of what the answers tell, in the words of Responses."""
    usages = [_told_usage(result) for result in results]

    def total(*names: str) -> int:
        return sum(cast(int, usage.get(name) or 0) for usage in usages for name in names)

    def inner(groups: tuple[str, str], name: str) -> int:
        found = [cast(Json, usage.get(group) or {}).get(name) for usage in usages for group in groups]
        return sum(cast(int, each or 0) for each in found)

    return {
        "input_tokens": total("prompt_tokens", "input_tokens"),
        "input_tokens_details": {
            "cached_tokens": inner(("prompt_tokens_details", "input_tokens_details"), "cached_tokens")
        },
        "output_tokens": total("completion_tokens", "output_tokens"),
        "output_tokens_details": {
            "reasoning_tokens": inner(("completion_tokens_details", "output_tokens_details"), "reasoning_tokens")
        },
        "total_tokens": total("total_tokens"),
    }


def _told_usage(result: Json) -> Json:
    body = cast(Json, result["response"])["body"]
    return cast(Json, body.get("usage") or {}) if isinstance(body, dict) else {}
