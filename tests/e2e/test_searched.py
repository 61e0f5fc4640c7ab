"""The search that other tests rely on finds what it is to find."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.e2e.searched import Secrets

DISGUISES: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "json": lambda text: json.dumps({"a": f'"{text}\n'}).encode(),
    "url": lambda text: quote(f"ä {text}/").encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 after one": lambda text: base64.b64encode(b"x" + text.encode() + b"yz"),
    "base64 after two": lambda text: base64.urlsafe_b64encode(b"xy" + text.encode() + b"z"),
    "basic": lambda text: base64.b64encode(f"gateway:{text}".encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "utf-16": lambda text: text.encode("utf-16"),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_secret_is_found_in_every_disguise_and_no_other(disguise: str) -> None:
    secrets = Secrets()
    made, known = secrets.new("made", "pä ", '"'), secrets.know("known", "tr_0123456789-abc_DEFGHIJKLMNOP")
    secrets.new("absent")

    assert secrets.found_in(b"\0before" + DISGUISES[disguise](made)) == {"made"}
    assert secrets.found_in(DISGUISES[disguise](known) + b"after") == {"known"}
