"""Two models that talk."""

import uuid

import pytest

from tests.cli.terminal.conftest import Toro
from tokenrouter.cli.client import Server
from tokenrouter.cli.terminal.conversation import Answer, Manner, Piece
from tokenrouter.cli.terminal.pingpong_talk import Talk, hold

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def ignore(talk: Talk, answer: Answer, piece: Piece | None) -> None:
    pass


def talked(toro: Toro, *models: str, turn_pairs: int = 2) -> Talk:
    talk = Talk(1)
    hold(Server(toro.url, toro.key), talk, models, "start", turn_pairs, Manner(), ignore)
    return talk


def test_each_is_asked_what_the_other_said_and_is_itself_the_assistant(toro: Toro) -> None:
    talk = talked(toro, "lab/echo", "lab/mirror")

    texts = [answer.text for answer in talk.answers]
    assert [answer.model for answer in talk.answers] == ["lab/echo", "lab/mirror"] * 2
    assert texts[0] == "start"
    assert '"role":"user","content":"start"' in texts[1].replace(" ", "")
    assert texts[2] == texts[1]
    assert texts[3].replace(" ", "").count('"role":"assistant"') == 1
    assert all(answer.cost_usd for answer in talk.answers)


def test_a_talk_is_one_conversation(toro: Toro, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = Server.stream

    def watched(self: Server, path: str, body: object, headers: dict[str, str]) -> object:
        seen.append(headers["X-Conversation-ID"])
        return real(self, path, body, headers)

    monkeypatch.setattr(Server, "stream", watched)
    talk = talked(toro, "lab/echo", "lab/echo")

    assert seen == [talk.id] * 4
    assert uuid.UUID(talk.id.removeprefix("toro-pingpong-")).version == 4


def test_an_answer_without_words_does_not_end_it(toro: Toro) -> None:
    talk = Talk(1)
    server = Server(toro.url, toro.key)
    hold(server, talk, ["lab/thinker-open", "lab/echo"], "start", 1, Manner(max_tokens=5), ignore)

    assert [answer.text for answer in talk.answers] == ["", "…"]


def test_a_failure_ends_the_talk_and_is_told(toro: Toro) -> None:
    talk = talked(toro, "lab/echo", "lab/fault/cut")

    assert [answer.model for answer in talk.answers] == ["lab/echo"]
    assert talk.failed == "lab/fault/cut"
    assert "closed the connection" in talk.error
