"""Vendors' report APIs as they are documented, on loopback: pages with cursors, keys, and errors when told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-admin-of-the-test"


@dataclass
class ReportApi:
    """What it was told to say, and what it was asked.

    Attributes:
        costs: day → model → dollars; `tokens` likewise with (input, output).
        failures: (status, headers) of the next answers, in order.
        days_per_page: the bound of a page, below what is asked for.
    """

    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    tokens: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    days_per_page: int = 2
    endless: bool = False
    asked: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    base_url: str = ""

    def answer(self, target: str, headers: Any) -> tuple[int, dict[str, str], Any]:
        self.asked.append(target)
        self.keys.add(headers.get("authorization", headers.get("x-api-key", "")))
        if self.failures:
            status, more = self.failures.pop(0)
            return status, more, {"error": {"message": "not now"}}
        if headers.get("x-api-key") != KEY and headers.get("authorization") != f"Bearer {KEY}":
            return 401, {}, {"error": {"message": "no admin key"}}
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path.removeprefix("/v1/"):
            case "organization/costs":
                return 200, {}, self._page(query, self._epoch_days(query), self._openai_costs)
            case "organization/usage/completions":
                return 200, {}, self._page(query, self._epoch_days(query), self._openai_usage)
            case "organization/usage/embeddings":
                return 200, {}, {"object": "page", "data": [], "has_more": False, "next_page": None}
            case "organizations/cost_report":
                return 200, {}, self._page(query, self._iso_days(query), self._anthropic_costs)
            case "organizations/usage_report/messages":
                return 200, {}, self._page(query, self._iso_days(query), self._anthropic_usage)
            case "activity":
                return 200, {}, {"data": [item for day in sorted(self.costs) for item in self._openrouter(day)]}
        return 404, {}, {"error": {"message": "nothing here"}}

    def _page(self, query: dict[str, str], days: list[str], bucket: Any) -> dict[str, Any]:
        start = int(query.get("page", "page_0").removeprefix("page_"))
        end = start + min(self.days_per_page, int(query["limit"]))
        more = self.endless or end < len(days)
        return {
            "object": "page",
            "data": [bucket(day) for day in days[start:end]],
            "has_more": more,
            "next_page": f"page_{end}" if more else None,
        }

    def _epoch_days(self, query: dict[str, str]) -> list[str]:
        first, end = (datetime.fromtimestamp(int(query[name]), UTC).date() for name in ("start_time", "end_time"))
        return _days(first, end)

    def _iso_days(self, query: dict[str, str]) -> list[str]:
        first, end = (datetime.fromisoformat(query[name]).date() for name in ("starting_at", "ending_at"))
        return _days(first, end)

    def _openai_costs(self, day: str) -> dict[str, Any]:
        results = [
            {"object": "organization.costs.result", "amount": {"value": usd / 2, "currency": "usd"}, "line_item": item}
            for model, usd in self.costs.get(day, {}).items()
            for item in (f"{model}, input", f"{model}, output")
        ]
        return {"object": "bucket", "start_time": _seconds(day), "end_time": _seconds(day) + 86400, "results": results}

    def _openai_usage(self, day: str) -> dict[str, Any]:
        results = [
            {"model": model, "input_tokens": told[0], "output_tokens": told[1], "num_model_requests": 1}
            for model, told in self.tokens.get(day, {}).items()
        ]
        return {"object": "bucket", "start_time": _seconds(day), "end_time": _seconds(day) + 86400, "results": results}

    def _anthropic_costs(self, day: str) -> dict[str, Any]:
        results = [
            {"amount": f"{usd * 100:.4f}", "currency": "USD", "model": model, "cost_type": "tokens"}
            for model, usd in self.costs.get(day, {}).items()
        ]
        return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day}T23:59:59Z", "results": results}

    def _anthropic_usage(self, day: str) -> dict[str, Any]:
        results = [
            {
                "model": model,
                "uncached_input_tokens": told[0] - 1,
                "cache_read_input_tokens": 1,
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
                "output_tokens": told[1],
            }
            for model, told in self.tokens.get(day, {}).items()
        ]
        return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day}T23:59:59Z", "results": results}

    def _openrouter(self, day: str) -> list[dict[str, Any]]:
        return [
            {
                "date": day,
                "model": model,
                "usage": usd,
                "prompt_tokens": self.tokens[day][model][0],
                "completion_tokens": self.tokens[day][model][1],
                "requests": 1,
            }
            for model, usd in self.costs[day].items()
        ]


def _days(first: date, end: date) -> list[str]:
    return [(first + timedelta(days=number)).isoformat() for number in range((end - first).days)]


def _seconds(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


@contextmanager
def serving(api: ReportApi) -> Iterator[ReportApi]:
    """Serve `api`, whose `base_url` is known from then on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            status, headers, told = api.answer(self.path, self.headers)
            body = json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        api.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
