"""Google's paths, keys, lists of models and failures."""

from typing import Any

import pytest

from tests.sandbox.google.asking import VERTEX, asking, generate, vertex
from tests.sandbox.program import running
from tests.sandbox.wire import send
from tokenrouter.sandbox.faults import MIDWAY_FRAMES
from tokenrouter.testing.processes import SandboxProcess

KEY = {"x-goog-api-key": "k"}


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/echo:generateContent",
        "/v1/models/echo:generateContent",
        "/v1/models/echo:generateContent?key=k",
        "/v1beta/models/lorem-5%40100:generateContent",
        f"{VERTEX}/echo:generateContent",
        f"{VERTEX.replace('/v1/', '/v1beta1/')}/echo:generateContent",
        "/v1beta1/publishers/google/models/echo:generateContent",
    ],
)
def test_every_path_generates(sandbox: SandboxProcess, path: str) -> None:
    assert send(sandbox.base_url, path, asking(), {**KEY, "authorization": "Bearer t"}).status == 200


@pytest.mark.parametrize("method", ["predict", "nothing"])
def test_a_method_of_the_other_surface_is_not_there(sandbox: SandboxProcess, method: str) -> None:
    assert generate(sandbox.base_url, "embed-small", {}, method).status == 404
    assert vertex(sandbox.base_url, "embed-small", {}, method.replace("predict", "batchEmbedContents")).status == 404


def test_keys_are_checked_in_either_place() -> None:
    with running("--api-key", "good") as program:
        path = "/v1beta/models/echo:generateContent"
        statuses = [
            send(program.base_url, path + query, asking(), headers).json().get("error", {}).get("message", "ok")[:20]
            for query, headers in [
                ("", {"x-goog-api-key": "good"}),
                ("?key=good", {}),
                ("?key=bad", {}),
                ("", {}),
                ("", {"authorization": "Bearer good"}),
            ]
        ]
        bad = send(program.base_url, path + "?key=bad", asking())

    assert statuses == ["ok", "ok", "API key not valid. P", "Method doesn't allow", "Method doesn't allow"]
    assert bad.status == 400
    assert bad.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_models_are_listed_in_pages(sandbox: SandboxProcess) -> None:
    names: list[str] = []
    token = ""
    while True:
        page = send(sandbox.base_url, f"/v1beta/models?pageSize=7&pageToken={token or 0}", None, KEY, "GET").json()
        names += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken", "")
        if not token:
            break

    assert names[0] == "models/echo"
    assert "models/fault/429" in names
    assert len(names) == len(set(names)) > 20


def test_one_model_says_what_it_can(sandbox: SandboxProcess) -> None:
    model = send(sandbox.base_url, "/v1beta/models/thinker", None, KEY, "GET").json()
    missing = send(sandbox.base_url, "/v1beta/models/nobody", None, KEY, "GET")

    assert model["name"] == "models/thinker"
    assert model["thinking"] is True
    assert "generateContent" in model["supportedGenerationMethods"]
    assert missing.json()["error"]["status"] == "NOT_FOUND"


def test_a_shared_path_lists_for_who_asks(sandbox: SandboxProcess) -> None:
    googles = send(sandbox.base_url, "/v1/models", None, KEY, "GET").json()
    others = send(sandbox.base_url, "/v1/models", None, {"authorization": "Bearer k"}, "GET").json()

    assert "models" in googles
    assert others["object"] == "list"


@pytest.mark.parametrize(
    ("model", "status", "name"),
    [
        ("nobody", 404, "NOT_FOUND"),
        ("fault/400", 400, "INVALID_ARGUMENT"),
        ("fault/401", 401, "UNAUTHENTICATED"),
        ("fault/429", 429, "RESOURCE_EXHAUSTED"),
        ("fault/500", 500, "INTERNAL"),
        ("fault/503", 503, "UNAVAILABLE"),
    ],
)
def test_failures_have_googles_shape(sandbox: SandboxProcess, model: str, status: int, name: str) -> None:
    plain = generate(sandbox.base_url, model, asking())
    as_events = generate(sandbox.base_url, model, asking(), "streamGenerateContent", "?alt=sse")
    in_array = generate(sandbox.base_url, model, asking(), "streamGenerateContent")

    assert plain.status == as_events.status == in_array.status == status
    assert plain.json()["error"]["code"] == status
    assert plain.json()["error"]["status"] == as_events.json()["error"]["status"] == name
    assert in_array.json() == [as_events.json()]


def test_a_quota_says_in_its_details_when_to_come_again(sandbox: SandboxProcess) -> None:
    answered = generate(sandbox.base_url, "fault/429", asking())

    assert "retry-after" not in answered.headers
    details: list[dict[str, Any]] = answered.json()["error"]["details"]
    assert details[1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}


def test_a_body_that_is_no_json_is_refused(sandbox: SandboxProcess) -> None:
    assert generate(sandbox.base_url, "echo", b"{").json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(("fault", "chunks"), [("error-event", 0), ("error-midstream", MIDWAY_FRAMES)])
def test_an_error_inside_a_stream_is_an_element_of_it(sandbox: SandboxProcess, fault: str, chunks: int) -> None:
    events = generate(sandbox.base_url, f"fault/{fault}", asking(), "streamGenerateContent", "?alt=sse").events()
    array = generate(sandbox.base_url, f"fault/{fault}", asking(), "streamGenerateContent").json()

    assert len(events) == len(array) == chunks + 1
    assert events[-1]["error"]["status"] == array[-1]["error"]["status"] == "INTERNAL"


def test_other_faults_are_in_this_shape_too(sandbox: SandboxProcess) -> None:
    broken = generate(sandbox.base_url, "fault/malformed-chunk", asking(), "streamGenerateContent", "?alt=sse")
    silent = generate(sandbox.base_url, "fault/no-usage", asking(), "streamGenerateContent", "?alt=sse")
    whole = generate(sandbox.base_url, "fault/error-event", asking())
    page = generate(sandbox.base_url, "fault/wrong-type", asking())

    assert b'data: {"candidates":[{"content":{"par\r\n\r\n' in broken.body
    assert all("usageMetadata" not in chunk for chunk in silent.events())
    assert whole.json()["error"]["status"] == "INTERNAL"
    assert page.headers["content-type"] == "text/html"


def test_usage_may_come_with_the_finish_reason_only(sandbox: SandboxProcess) -> None:
    stream = generate(sandbox.base_url, "fault/usage-in-finish", asking(), "streamGenerateContent", "?alt=sse").events()

    assert ["usageMetadata" in chunk for chunk in stream] == [False] * 64 + [True]


def test_a_cut_stream_has_no_finish_reason(sandbox: SandboxProcess) -> None:
    cut = generate(sandbox.base_url, "fault/clean-cut@2", asking(), "streamGenerateContent", "?alt=sse")

    assert len(cut.events()) == 2
    assert b"finishReason" not in cut.body
