"""Names of models, and their pages."""

import pytest
from openai import NotFoundError, OpenAI

from tokenrouter.sandbox.catalog import find
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS
from tokenrouter.sandbox.models import MODELS


def test_the_list_has_them_all(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [*MODELS, *(f"fault/{name}" for name in FAULTS)]


@pytest.mark.parametrize("name", ["echo", "lorem-500@50", "fault/stall", "fault/huge@20"])
def test_a_model_has_a_page(client: OpenAI, name: str) -> None:
    assert client.models.retrieve(name).id == name


def test_an_unknown_model_has_none(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.models.retrieve("nobody")

    assert caught.value.code == "model_not_found"


def test_a_name_carries_length_and_speed() -> None:
    model = find("lorem-500@50")

    assert (model.length, model.speed) == (500, 50.0)


@pytest.mark.parametrize(
    "name", ["", "Echo", "echo-5", "lorem-0", "lorem@0", "lorem-", "lorem-5@", "sandbox/echo", "x" * 9999]
)
def test_any_other_name_is_unknown(name: str) -> None:
    with pytest.raises(ApiError) as caught:
        find(name)

    assert caught.value.status == 404
