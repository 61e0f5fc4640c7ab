"""Filters of several hooks, one of which may fail."""

import pytest

from tests.gateway.hooked import Changing, Seen
from tokenrouter.domain.errors import GuardrailRefused, HookFailed
from tokenrouter.gateway.hook_filters import Opening
from tokenrouter.gateway.hook_rules import Following, HookRule
from tokenrouter.hooks import Follower, Refused


class Broken:
    def feed(self, text: str) -> str:
        raise KeyError(text)

    def close(self) -> str:
        raise KeyError


class Failing(Follower):
    def on_answer(self, kind: object, *, is_json: bool) -> Broken:
        return Broken()


class Unopened(Follower):
    def on_answer(self, kind: object, *, is_json: bool) -> None:
        raise KeyError


def following(follower: Follower, *, fails_open: bool) -> Following:
    return Following(HookRule("mine", ("global",), Seen(), fails_open=fails_open), follower)


@pytest.mark.parametrize("follower", [Failing(), Unopened()])
def test_a_filter_that_fails_ends_the_answer_or_lets_it_pass(follower: Follower) -> None:
    loud = following(Changing(str.upper), fails_open=False)
    opened = Opening([following(follower, fails_open=True), loud])("assistant", False)
    assert opened is not None
    assert opened.feed("a") + opened.feed("b") + opened.close() == "AB"

    with pytest.raises(HookFailed):
        feed(follower, "a")


def feed(follower: Follower, text: str) -> None:
    opened = Opening([following(follower, fails_open=False)])("assistant", False)
    assert opened is not None
    opened.feed(text)


def test_a_refusal_in_an_answer_is_told_to_its_client() -> None:
    def end(text: str) -> str:
        raise Refused("no more")

    opened = Opening([following(Changing(end), fails_open=True)])("assistant", False)
    assert opened is not None
    with pytest.raises(GuardrailRefused, match="no more"):
        opened.feed("a")


def test_where_nobody_looks_nothing_is_opened() -> None:
    assert Opening([following(Follower(), fails_open=False)])("assistant", False) is None
