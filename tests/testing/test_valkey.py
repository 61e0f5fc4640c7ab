import pytest

from tokenrouter.testing.valkey import ValkeyServer


def test_a_server_keeps_its_port_and_nothing_else_over_a_crash() -> None:
    with ValkeyServer() as server:
        port, run_id = server.port, server.ask("INFO", "server")
        server.ask("SET", "k", "v")

        server.kill()
        with pytest.raises(OSError, match="refused"):
            server.ask("PING")
        server.start()

        assert server.port == port
        assert server.ask("INFO", "server") != run_id
        assert server.ask("GET", "k") is None


def test_a_paused_server_answers_when_it_goes_on() -> None:
    with ValkeyServer(password="secret") as server:
        server.pause()
        server.go_on()

        assert server.ask("PING") == b"PONG"


def test_a_server_that_is_closed_leaves_nothing_behind() -> None:
    with ValkeyServer() as server:
        folder = server._server.folder
        assert folder.exists()

    assert not folder.exists()
