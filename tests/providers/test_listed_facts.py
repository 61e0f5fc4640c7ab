import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.providers.listed_facts import read_listed_facts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "id", "context_length", "top_provider", "meta", "n_ctx"]), inner)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({"context_length": 131_072, "top_provider": {"max_completion_tokens": 8192}}, ModelFacts(131_072, 8192)),
        ({"context_window": 131_072, "max_completion_tokens": 32_768}, ModelFacts(131_072, 32_768)),
        ({"max_context_length": 32_768}, ModelFacts(32_768)),
        ({"max_context_length": 131_072, "loaded_context_length": 4096}, ModelFacts(4096)),
        ({"max_model_len": 4096, "root": "m"}, ModelFacts(4096)),
        ({"max_input_tokens": 200_000, "max_tokens": 64_000}, ModelFacts(200_000, 64_000)),
        ({"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}, ModelFacts(1_048_576, 65_536)),
        ({"meta": {"n_ctx": 8192, "n_ctx_train": 131_072}}, ModelFacts(8192)),
    ],
)
def test_what_each_vendor_tells_is_understood(fields: dict[str, object], facts: ModelFacts) -> None:
    body = json.dumps({"data": [{"id": "m", **fields}, {"id": "other"}]}).encode()

    assert read_listed_facts(body) == {"m": facts}


@pytest.mark.parametrize("value", [0, -1, 10**10, "131072", 1.5, True, None, []])
def test_what_is_no_number_of_tokens_is_not_believed(value: object) -> None:
    assert read_listed_facts(json.dumps([{"id": "m", "context_length": value, "max_tokens": 5}]).encode()) == {}


def test_names_are_those_that_requests_use() -> None:
    body = json.dumps({"models": [{"name": "models/g", "inputTokenLimit": 5}]}).encode()

    assert read_listed_facts(body, id_prefix="models/") == {"g": ModelFacts(5)}


@given(JSON)
def test_no_list_of_any_shape_breaks_the_reading(body: object) -> None:
    read_listed_facts(json.dumps(body).encode())
    read_listed_facts(b"{")
