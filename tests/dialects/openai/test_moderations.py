import json

import pytest

from tokenrouter.dialects.openai.moderations import MODERATIONS
from tokenrouter.domain.errors import InvalidRequest


def test_without_a_model_the_vendors_own_is_meant() -> None:
    head = MODERATIONS.peek(b'{"input":"hello"}')

    assert head.model == "omni-moderation-latest"
    assert json.loads(b"".join(head.body.with_value("model", b'"m"'))) == {"input": "hello", "model": "m"}


def test_a_model_that_is_named_is_kept() -> None:
    assert MODERATIONS.peek(b'{"model":"acme/m","input":[]}').model == "acme/m"


def test_an_input_is_needed() -> None:
    with pytest.raises(InvalidRequest, match="input"):
        MODERATIONS.peek(b"{}")
