"""The pages on which vendors tell a caller what is left."""

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.sandbox.program import running
from tokenrouter.testing.processes import SandboxProcess


def page(base_url: str, path: str, key: str) -> Any:
    origin = base_url.removesuffix("/v1")
    with urlopen(Request(origin + path, headers={"authorization": f"Bearer {key}"})) as answered:
        return json.load(answered)


def test_each_vendor_has_its_page(sandbox: SandboxProcess) -> None:
    key = "sk-x@12.5"

    assert page(sandbox.base_url, "/v1/key", key)["data"]["limit_remaining"] == 12.5
    assert page(sandbox.base_url, "/user/balance", key)["balance_infos"][0]["total_balance"] == "12.50"
    assert page(sandbox.base_url, "/v1/users/me/balance", key)["data"]["available_balance"] == 12.5
    assert page(sandbox.base_url, "/v1/credits", key) == {"balance": "12.50", "total_used": "87.50"}
    assert page(sandbox.base_url, "/usage/current_balance", key) == {"current_point_balance": 12}
    assert page(sandbox.base_url, "/v1/api_keys/rate_limits", key)["data"]["balances"]["USD"] == 12.5


def test_an_empty_account_says_so(sandbox: SandboxProcess) -> None:
    assert page(sandbox.base_url, "/user/balance", "sk-x@0")["is_available"] is False
    assert page(sandbox.base_url, "/user/balance", "sk-usual")["is_available"] is True


def test_only_known_keys_are_told(tmp_path: Path) -> None:
    with running("--api-key", "sk-one@50", "--books", str(tmp_path / "books.jsonl")) as program:
        assert page(program.base_url, "/v1/credits", "sk-one@50")["balance"] == "50.00"
        with pytest.raises(HTTPError) as caught:
            page(program.base_url, "/v1/credits", "sk-two@50")

    assert caught.value.code == 401
