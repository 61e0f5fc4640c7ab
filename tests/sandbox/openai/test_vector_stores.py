"""Vector stores as the vendor's SDK sees them."""

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.sandbox.openai_wire import call, refusal
from tokenrouter.testing.processes import SandboxProcess


def test_a_store_is_made_changed_and_deleted(client: OpenAI) -> None:
    file = client.files.create(file=("a.txt", b"hello"), purpose="assistants")
    made = client.vector_stores.create(name="first", file_ids=[file.id], metadata={"a": "b"})

    assert (made.name, made.status, made.usage_bytes, made.file_counts.total) == ("first", "completed", 5, 1)
    assert client.vector_stores.retrieve(made.id) == made
    changed = client.vector_stores.update(made.id, name="second")
    assert (changed.name, changed.metadata) == ("second", {"a": "b"})
    assert client.vector_stores.delete(made.id).deleted
    with pytest.raises(NotFoundError):
        client.vector_stores.retrieve(made.id)


def test_stores_are_listed_for_their_owner(sandbox: SandboxProcess) -> None:
    with OpenAI(base_url=sandbox.base_url, api_key="sk-lists-stores", max_retries=0) as client:
        names = [client.vector_stores.create(name=str(number)).id for number in range(3)]

        assert [each.id for each in client.vector_stores.list(limit=2)] == names[::-1]
    for method in ("GET", "POST", "DELETE"):
        refusal(call(sandbox.base_url, f"/vector_stores/{names[0]}", {}, method=method), 404)


@pytest.mark.parametrize(("more", "status"), [({"file_ids": ["file-none"]}, 404), ({"extra_body": {"size": 1}}, 400)])
def test_what_is_wrong_is_refused(client: OpenAI, more: dict[str, Any], status: int) -> None:
    with pytest.raises((BadRequestError, NotFoundError)) as caught:
        client.vector_stores.create(**more)

    assert caught.value.status_code == status


def test_other_paths_are_refused(sandbox: SandboxProcess) -> None:
    refusal(call(sandbox.base_url, "/vector_stores/vs_1/search", {"query": "x"}), 405)
