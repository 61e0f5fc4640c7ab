import base64
import json
from array import array

import pytest

from tokenrouter.dialects.bridge import Asked
from tokenrouter.dialects.embedding_bridges import embedding_bridge
from tokenrouter.dialects.hub import Target
from tokenrouter.domain.errors import InvalidRequest

TARGET = Target("acme", "e-1", "o")
ASKED = Asked("req_1", 1, "alias", stream=False)


def test_openais_clients_are_served_by_gemini() -> None:
    found = embedding_bridge("embeddings", TARGET)
    assert found is not None
    operation, bridge = found
    crossing = bridge.cross(b'{"model":"m","input":["a","b"],"dimensions":3,"encoding_format":"base64"}', ASKED)
    told = crossing.answer(b'{"embeddings":[{"values":[1,2,3]},{"values":[4,5,6]}]}')
    first, second = json.loads(told.body)["data"]

    assert operation == "batch_embed_contents"
    assert [each["outputDimensionality"] for each in json.loads(crossing.body)["requests"]] == [3, 3]
    assert array("f", base64.b64decode(first["embedding"])).tolist() == [1, 2, 3]
    assert second["index"] == 1
    assert told.usage is None


@pytest.mark.parametrize("batch", [False, True])
def test_geminis_clients_are_served_by_openai(batch: bool) -> None:
    one = {"content": {"parts": [{"text": "a"}]}}
    found = embedding_bridge("batch_embed_contents" if batch else "embed_content", TARGET)
    assert found is not None
    operation, bridge = found
    crossing = bridge.cross(json.dumps({"requests": [one]} if batch else one).encode(), ASKED)
    told = crossing.answer(b'{"data":[{"embedding":[1,2],"index":0}],"usage":{"prompt_tokens":4,"total_tokens":4}}')
    answer = json.loads(told.body)

    assert operation == "embeddings"
    assert json.loads(crossing.body) == {"model": "e-1", "input": ["a"], "encoding_format": "float"}
    assert (answer["embeddings"][0] if batch else answer["embedding"]) == {"values": [1, 2]}
    assert told.usage is not None
    assert told.usage.input_tokens == 4


def test_what_cannot_be_embedded_is_refused_by_name() -> None:
    found = embedding_bridge("embeddings", TARGET)
    assert found is not None

    with pytest.raises(InvalidRequest) as caught:
        found[1].cross(b'{"model":"m","input":[[1,2]]}', ASKED)

    assert caught.value.param == "input"


def test_other_operations_have_no_such_bridge() -> None:
    assert embedding_bridge("chat", TARGET) is None
