import json

import pytest

from tokenrouter.dialects.gemini.inner_models import with_inner_models
from tokenrouter.dialects.json import peek_object


def changed(body: object) -> object:
    fields = with_inner_models(peek_object(json.dumps(body).encode()), "e-1")
    return {name: json.loads(bytes(raw)) for name, raw in fields.items()}


def test_every_request_of_a_batch_names_the_providers_model() -> None:
    requests = [{"model": "models/acme/e-1", "content": {}}, {"content": {}}]

    assert changed({"requests": requests}) == {"requests": [{"model": "models/e-1", "content": {}}, {"content": {}}]}


@pytest.mark.parametrize("field", ["generateContentRequest", "generate_content_request"])
def test_so_does_a_request_that_is_counted(field: str) -> None:
    assert changed({field: {"model": "models/alias", "contents": []}}) == {
        field: {"model": "models/e-1", "contents": []}
    }


def test_and_a_single_one() -> None:
    assert changed({"model": "models/alias", "content": {}}) == {"model": "models/e-1"}


@pytest.mark.parametrize(
    "body", [{"model": "models/e-1"}, {"contents": [{"parts": [{"text": '"model"'}]}]}, {"requests": '"model"'}, {}]
)
def test_nothing_else_is_changed(body: object) -> None:
    assert changed(body) == {}
