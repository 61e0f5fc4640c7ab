"""Where `toro` finds its server."""

import socket
import ssl
from pathlib import Path
from threading import Thread

import pytest
import trustme

from tests.cli.answering import Answering
from tokenrouter.cli.client import ClientMistake, NoAnswer, Refused, Server, find_server
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


def test_the_key_of_the_file_is_sent_to_the_server_of_the_file_and_to_no_other(tmp_path: Path) -> None:
    file = told(tmp_path, 'server_url = "https://ours"\napi_key = "tr_file"\nca_file = "/ca"')

    assert find_server("https://ours/v1/", None, file) == Server("https://ours", "tr_file", "/ca")
    assert find_server("https://theirs", None, file) == Server("https://theirs")
    assert find_server("https://theirs", "tr_flag", file, ca_file="/c") == Server("https://theirs", "tr_flag", "/c")
    assert find_server(None, None, {**file, "TOKENROUTER_URL": "https://theirs"}).key == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("server_ulr = 1", 'server_ulr: unknown key; did you mean "server_url"'),
        ("api_key = 1", "api_key: must be text"),
        ("api_key = ", "cannot be read"),
        ('server_url = "file:///etc"', "is no address of a server"),
        ('server_url = "http://u:p@host"', "is no address of a server"),
        ('server_url = "http://host:99999"', "is no address of a server"),
        ('server_url = "http://a b"', "is no address of a server"),
        ('api_key = "tr_ü"', "a character that no key has"),
    ],
)
def test_mistakes_in_the_file_are_told_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ClientMistake) as caught:
        find_server(None, None, told(tmp_path, text))

    assert words in str(caught.value)


def test_a_key_from_a_file_may_end_with_a_newline(tmp_path: Path) -> None:
    assert find_server(None, None, told(tmp_path, TOKENROUTER_API_KEY="tr_1\n")).key == "tr_1"


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


STARTING = b'{"error": {"message": "The control process is starting.", "code": "control_plane_away"}}'


def test_a_server_that_is_starting_is_asked_again() -> None:
    with Answering(200, b"[]").after((503, STARTING), (503, STARTING)) as server:
        assert Server(server.url).ask("POST", "/api/v1/keys", {"name": "x"}) == []
        assert len(server.asked) == 3

    with Answering(503, STARTING) as server, pytest.raises(Refused, match="is starting"):
        Server(server.url, patience_s=0.3).ask("GET", "/api/v1/keys")
    with Answering(503, b'{"error": {"code": "overloaded"}}') as server, pytest.raises(Refused):
        Server(server.url).ask("GET", "/api/v1/keys")


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with (
        Answering(302, b"{}", location="https://elsewhere/") as server,
        pytest.raises(Refused, match="to https://elsewhere/,"),
    ):
        Server(server.url, "tr_key").ask("GET", "/v1/x")

    assert len(server.asked) == 1


def test_where_nothing_answers_or_something_else_it_is_said() -> None:
    with pytest.raises(NoAnswer, match="is torod running"):
        Server(f"http://127.0.0.1:{free_port()}").ask("GET", "/v1/x")
    with socket.create_server(("127.0.0.1", 0)) as odd:
        Thread(target=lambda: odd.accept()[0].sendall(b"SSH-2.0-OpenSSH\r\n"), daemon=True).start()
        with pytest.raises(NoAnswer, match="speaks no HTTP"):
            Server(f"http://127.0.0.1:{odd.getsockname()[1]}").ask("GET", "/v1/x")
    with Answering(200, b"<html>") as server, pytest.raises(NoAnswer, match="is no TokenRouter"):
        Server(server.url).ask("GET", "/v1/x")


STREAMED = {"content-type": "text/event-stream"}


def events(body: bytes, **headers: str) -> list[object]:
    found = []
    with Answering(200, body, **{**STREAMED, **headers}) as server, Server(server.url).stream("/v1/x", {}) as stream:
        for event in stream.events:
            found.append(event)  # noqa: PERF402 - what came before an error counts
    return found


def test_a_streamed_answer_is_read_event_by_event() -> None:
    wire = b': hello\n\nevent: x\ndata: {"a": 1}\r\n\r\ndata:{"a": 2}\n\ndata: [DONE]\n\ndata: {"a": 3}\n\n'

    assert events(wire) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b'data: {"a": 1}\n\n', {}, "broke off before its end"),
        (b'data: {"a": 1', {"content-length": "900"}, "broke off in the middle of an event"),
        (b"", {"content-length": "900"}, "broke off before its end"),
        (b'{"a": 1}', {"content-type": "application/json"}, "does not stream"),
    ],
)
def test_a_stream_that_breaks_is_told(body: bytes, headers: dict[str, str], words: str) -> None:
    with pytest.raises(NoAnswer, match=words):
        events(body, **headers)


def test_an_error_within_a_stream_and_before_it_is_the_servers_no() -> None:
    with pytest.raises(Refused, match="too much"):
        events(b'data: {"error": {"message": "too much"}}\n\n')
    with (
        Answering(429, b'{"error": {"message": "wait"}}') as server,
        pytest.raises(Refused, match="wait") as caught,
        Server(server.url).stream("/v1/x", {}),
    ):
        pass

    assert caught.value.status == 429


def test_what_the_reader_of_a_stream_does_wrong_is_not_the_servers_fault() -> None:
    with (
        pytest.raises(BrokenPipeError),
        Answering(200, b"data: [DONE]\n\n", **STREAMED) as server,
        Server(server.url).stream("/v1/x", {}),
    ):
        raise BrokenPipeError


def test_health_needs_no_json() -> None:
    with Answering(200, b"ok") as server:
        assert Server(server.url).is_healthy()
    with Answering(503, b"no") as server:
        assert not Server(server.url).is_healthy()


def test_a_certificate_of_its_own_is_trusted_when_it_is_named_and_else_explained(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Answering(200, b'{"a": 1}').over_tls(context) as server:
        assert Server(server.url, "", str(tmp_path / "ca.pem")).ask("GET", "/v1/x") == {"a": 1}
        with pytest.raises(NoAnswer, match="--ca-file"):
            Server(server.url).ask("GET", "/v1/x")
    with Answering(200, b"{}") as server, pytest.raises(NoAnswer, match="did you mean http://"):
        Server(server.url.replace("http", "https")).ask("GET", "/v1/x")


def test_a_certificate_file_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")

    for name, words in (("empty.pem", "holds no certificate"), ("gone.pem", "No such file")):
        with pytest.raises(ClientMistake, match=words):
            Server("https://127.0.0.1:1", "", str(tmp_path / name)).ask("GET", "/")
