from tokenrouter.redis.script import Script
from tokenrouter.testing.valkey import ValkeyServer


def test_a_script_is_called_what_the_server_calls_it(valkey: ValkeyServer) -> None:
    script = Script.of("twice", "return 2 * ARGV[1]  -- für alle")

    assert valkey.ask("SCRIPT", "LOAD", script.text.decode()) == script.sha
