"""Files as the vendor's SDK sees them."""

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.sandbox.openai_wire import call, refusal
from tokenrouter.sandbox.openai import files as openai_files
from tokenrouter.sandbox.openai.files import Files
from tokenrouter.testing.processes import SandboxProcess, wait_until


def test_what_was_uploaded_can_be_read_until_it_is_deleted(client: OpenAI) -> None:
    data = bytes(range(256)) * 300 + b"\r\n--"
    made = client.files.create(
        file=("näme.bin", data), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )

    assert (made.filename, made.bytes, made.purpose, made.status) == ("näme.bin", len(data), "user_data", "processed")
    assert made.expires_at == made.created_at + 3600
    assert client.files.retrieve(made.id) == made
    assert client.files.content(made.id).content == data
    assert client.files.delete(made.id).deleted
    for ask in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(NotFoundError, match=f"No such File object: {made.id}"):
            ask(made.id)


def test_files_are_listed_by_purpose(sandbox: SandboxProcess) -> None:
    with OpenAI(base_url=sandbox.base_url, api_key="sk-lists-files", max_retries=0) as client:
        first = client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
        second = client.files.create(file=("b.txt", b"x"), purpose="user_data")

        assert [each.id for each in client.files.list()] == [second.id, first.id]
        assert [each.id for each in client.files.list(purpose="batch")] == [first.id]
        assert [each.id for each in client.files.list(limit=1, order="asc")] == [first.id, second.id]


def test_another_caller_does_not_see_it(client: OpenAI, sandbox: SandboxProcess) -> None:
    made = client.files.create(file=("a.txt", b"x"), purpose="user_data")

    for method, rest in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        refusal(call(sandbox.base_url, f"/files/{made.id}{rest}", key="sk-other", method=method), 404)
    listed = call(sandbox.base_url, "/files", key="sk-other", method="GET").json()
    assert made.id not in [each["id"] for each in listed["data"]]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"purpose": "fun"}, "purpose"),
        ({"purpose": "batch"}, None),
        ({"expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after.seconds"),
        ({"extra_body": {"name": "x"}}, "name"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, more: dict[str, Any], param: str | None) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.files.create(**{"file": ("a.txt", b"x"), "purpose": "user_data", **more})

    assert caught.value.param == param


def test_other_methods_are_refused(sandbox: SandboxProcess) -> None:
    refusal(call(sandbox.base_url, "/files/file-1", method="POST"), 405)
    refusal(call(sandbox.base_url, "/files/file-1/content", method="DELETE"), 405)


def test_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_files, "MAX_BYTES", 10)
    files = Files()
    names = [str(files.add("me", "a", "user_data", b"x" * 6, 0, None)["id"]) for _ in range(2)]

    assert [page["id"] for page in files.pages("me", None)] == names[1:]


def test_uploads_are_noted_in_the_books(client: OpenAI, sandbox: SandboxProcess) -> None:
    client.files.create(file=("a.txt", b"x"), purpose="user_data", extra_headers={"x-request-id": "files-noted"})

    [begun] = [line for line in sandbox.booked() if line.get("x-request-id") == "files-noted"]

    def ended() -> list[dict[str, Any]]:
        return [line for line in sandbox.booked() if line["event"] == "end" and line["id"] == begun["id"]]

    wait_until("its end", lambda: bool(ended()))
    [end] = ended()
    assert (begun["dialect"], begun["path"]) == ("files", "/v1/files")
    assert (end["status"], end["prompt_tokens"], end["completion_tokens"]) == (200, 0, 0)
