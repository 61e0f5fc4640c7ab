import socket
from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor.redis import check_redis
from tokenrouter.testing.processes import free_port
from tokenrouter.testing.valkey import ValkeyServer


def test_without_one_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert list(check_redis(patient(tmp_path))) == []


def test_one_that_is_there_is_told_with_version_and_clock(tmp_path: Path, valkey: ValkeyServer) -> None:
    found = list(check_redis(patient(tmp_path, f'redis_url = "{valkey.url}"\n')))

    assert "answers in" in told(found, "ok")
    assert "the clock of the Redis server says the same as ours" in told(found, "ok")


def test_one_that_throws_counters_away_is_a_problem(tmp_path: Path, valkey: ValkeyServer) -> None:
    def set_policy(policy: str) -> None:
        with socket.create_connection(("127.0.0.1", valkey.port)) as talk:
            talk.sendall(f"CONFIG SET maxmemory-policy {policy}\r\n".encode())
            assert talk.recv(100) == b"+OK\r\n"

    set_policy("allkeys-lru")
    found = list(check_redis(patient(tmp_path, f'redis_url = "{valkey.url}"\n')))
    set_policy("noeviction")

    assert "CONFIG SET maxmemory-policy noeviction" in told(found, "problem")


def test_one_that_is_away_is_a_problem_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    found = list(check_redis(patient(tmp_path, f'redis_url = "redis://:hidden@127.0.0.1:{port}/0"\n')))

    assert f"redis: redis://127.0.0.1:{port}/0 cannot be reached: Connection refused start it" in told(found, "problem")
    assert "hidden" not in str(found)
