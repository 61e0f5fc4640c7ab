"""A Redis is reached and signed in at, or it is told why not."""

import socket

from tokenrouter.cli.wizard.redis_check import redis_problem
from tokenrouter.testing.valkey import ValkeyServer


def test_a_redis_is_signed_in_at(valkey: ValkeyServer) -> None:
    assert redis_problem(valkey.url) == ""

    told = redis_problem(valkey.url.replace("redis://", "redis://nobody:hunter2@"))
    assert "refuses: " in told
    assert "hunter2" not in told


def test_what_is_no_redis_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = redis_problem(f"redis://127.0.0.1:{server.getsockname()[1]}/0", wait_s=0.2)

    assert "does not answer: timed out" in told
    assert redis_problem("redis://") or redis_problem("http://x")
