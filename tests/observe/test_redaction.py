import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.observe.redaction import BLOT, MAX_TEXT_CHARS, MIN_VALUE_CHARS, Redactor, redact_text

SECRETS = [
    "tr_0123456789-abcdef",
    "sk-proj-0123456789abcdef",
    "llmp-" + "a" * 64,
    "Bearer abc.def-0123456789",
    "Basic dXNlcjpwYXNzd29yZA==",
    "AIzaSyA-0123456789abcdef",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
]


def redact(event: dict[str, Any], *values: str) -> dict[str, Any]:
    return Redactor(values).event(event)


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_key_is_blotted_out(secret: str) -> None:
    assert redact_text(f"failed with {secret} today") == f"failed with {BLOT} today"


def test_a_password_in_an_address_is_blotted_out() -> None:
    assert redact_text("postgresql://ann:hunter2@db.test/x?y") == f"postgresql://{BLOT}@db.test/x?y"


@pytest.mark.parametrize("name", ["api_key", "authorization", "ADMIN_PASSWORD", "set-cookie", "client_secret"])
def test_what_is_called_a_secret_is_blotted_out(name: str) -> None:
    assert redact({name: "whatever"}) == {name: BLOT}


def test_secrets_are_found_inside_of_other_values() -> None:
    event: Any = {"event": "x", "headers": {"authorization": "y"}, "problems": [SECRETS[0], 3], "key_name": "alice"}

    assert redact(event) == {
        "event": "x",
        "headers": {"authorization": BLOT},
        "problems": [BLOT, 3],
        "key_name": "alice",
    }


def test_what_this_installation_holds_is_found_wherever_it_stands_and_however_it_is_written() -> None:
    secret = "correct horse/battery"

    told = redact({"event": f"{secret}!", "url": "https://x?y=correct%20horse%2Fbattery", secret: 1}, secret)

    assert told == {"event": f"{BLOT}!", "url": f"https://x?y={BLOT}", BLOT: 1}


def test_secrets_that_are_new_are_blotted_out_in_place_of_those_before() -> None:
    redactor = Redactor(["the-old-one"])
    redactor.hide(["the-new-one"])

    assert redactor.text("the-old-one the-new-one") == f"the-old-one {BLOT}"


def test_what_is_too_short_would_blot_out_words() -> None:
    assert Redactor(["a" * (MIN_VALUE_CHARS - 1)]).text("aaaaa") == "aaaaa"


def test_a_long_text_is_cut() -> None:
    assert len(Redactor().text("x" * 10 * MAX_TEXT_CHARS)) < MAX_TEXT_CHARS + 20


class Odd:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"Odd({self.secret!r})"


secrets = st.text(min_size=MIN_VALUE_CHARS, max_size=40).filter(lambda text: text not in BLOT)


def hiding(secret: str) -> st.SearchStrategy[Any]:
    """Values of any shape that hold `secret`."""
    text = st.tuples(st.text(max_size=9), st.text(max_size=9)).map(lambda around: around[0] + secret + around[1])
    leaf = st.one_of(text, text.map(lambda one: one.encode("utf-8", "surrogatepass")), text.map(Odd))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
        max_leaves=6,
    )


@given(st.data(), secrets, st.sampled_from([0, 500]))
def test_whatever_is_said_no_secret_of_this_installation_stands_in_it(
    data: st.DataObject, secret: str, others: int
) -> None:
    said = data.draw(st.dictionaries(st.text(max_size=5), hiding(secret), max_size=4))

    told = Redactor([secret, *(f"other-{number}" for number in range(others))]).event({"event": "x" + secret, **said})

    assert secret not in " ".join(texts_of(json.loads(json.dumps(told))))


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for name, one in value.items() for text in (name, *texts_of(one))]
    if isinstance(value, list):
        return [text for one in value for text in texts_of(one)]
    return [str(value)]
