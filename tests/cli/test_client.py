"""Where `toro` finds its server."""

from pathlib import Path

import pytest

from tests.cli.answering import Answering
from tokenrouter.cli.client import ClientMistake, NoAnswer, Refused, Server, client_file, find_server
from tokenrouter.testing.processes import free_port


def told(folder: Path, text: str = "", **environ: str) -> dict[str, str]:
    (folder / "toro.toml").write_text(text)
    return {"TOKENROUTER_HOME": str(folder), **environ}


def test_a_flag_comes_before_the_environment_that_before_the_file_and_that_before_the_usual(tmp_path: Path) -> None:
    file = 'server_url = "http://file:1/v1"\napi_key = "tr_file"'
    environ = {"TOKENROUTER_URL": "https://environ/prefix/", "TOKENROUTER_API_KEY": "tr_environ"}

    assert find_server("http://flag", "tr_flag", told(tmp_path, file, **environ)) == Server("http://flag", "tr_flag")
    assert find_server(None, None, told(tmp_path, file, **environ)) == Server("https://environ/prefix", "tr_environ")
    assert find_server(None, None, told(tmp_path, file)) == Server("http://file:1", "tr_file")
    assert find_server(None, None, told(tmp_path)) == Server("http://127.0.0.1:8080", "")


def test_the_file_lies_where_the_servers_does() -> None:
    assert client_file({"HOME": "/h"}) == Path("/h/.config/tokenrouter/toro.toml")
    assert client_file({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}) == Path("/c/tokenrouter/toro.toml")
    assert client_file({"TOKENROUTER_HOME": "/t", "HOME": "/h"}) == Path("/t/toro.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("server_ulr = 1", 'server_ulr: unknown key; did you mean "server_url"'),
        ("zebra = 1", "there are server_url and api_key and default_model"),
        ("api_key = 1", "api_key: must be text"),
        ("api_key = ", "cannot be read"),
        ('server_url = "file:///etc"', "is no address of a server"),
        ('server_url = "http://u:p@host"', "is no address of a server"),
        ('server_url = "http://host:99999"', "is no address of a server"),
        ('api_key = "tr_ü"', "a character that no key has"),
    ],
)
def test_mistakes_in_the_file_are_told_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ClientMistake) as caught:
        find_server(None, None, told(tmp_path, text))

    assert words in str(caught.value)


def test_a_key_is_in_no_representation() -> None:
    assert "tr_secret" not in repr(Server("http://x", "tr_secret"))


def test_a_question_bears_the_key_and_its_answer_is_read() -> None:
    with Answering(200, b'{"a": 1}') as server:
        assert Server(f"{server.url}/below", "tr_key").ask("POST", "/v1/x", {"q": "ü"}) == {"a": 1}

    assert server.asked == [("POST", "/below/v1/x", "Bearer tr_key", {"q": "ü"})]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no such model", "type": "x"}}', "no such model"),
        (b'{"type": "error", "error": {"message": "bad"}}', "bad"),
        (b'{"detail": "gone"}', "gone"),
        (b"[]", "the server answered with status 404"),
    ],
)
def test_an_error_is_told_with_the_servers_words(body: bytes, message: str) -> None:
    with Answering(404, body) as server, pytest.raises(Refused, match=message) as caught:
        Server(server.url).ask("GET", "/v1/x")

    assert caught.value.status == 404


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with Answering(302, b"{}", location="/elsewhere") as server, pytest.raises(Refused):
        Server(server.url, "tr_key").ask("GET", "/v1/x")

    assert len(server.asked) == 1


def test_where_nothing_answers_or_something_else_it_is_said() -> None:
    with pytest.raises(NoAnswer, match="is torod running"):
        Server(f"http://127.0.0.1:{free_port()}").ask("GET", "/v1/x")
    with Answering(200, b"<html>") as server, pytest.raises(NoAnswer, match="is no TokenRouter"):
        Server(server.url).ask("GET", "/v1/x")
