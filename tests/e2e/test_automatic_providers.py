"""Providers that join by themselves, by real processes: local servers and public ones, come and gone."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tests.e2e.test_provider_status import ANSWER, chat, status_of
from tests.jobs.little_servers import Told, little_server
from tests.jobs.local_programs import OLLAMA
from tokenrouter.testing.processes import GatewayProcess, free_port, wait_until

pytestmark = pytest.mark.e2e

LOOKS = {"TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS": "true"}
MODEL = "ollama/llama3:8b"


def local_config(**ports: int) -> str:
    """Look often, and nowhere else than there."""
    kinds = ("ollama", "lmstudio", "vllm", "llama-cpp")
    at = ", ".join(f"{kind} = [{ports.get(kind, '')}]" for kind in kinds)
    return f"[local_servers]\ncheck_s = 0.1\nports = {{ {at} }}\n"


def names(running: GatewayProcess) -> list[str]:
    return [row["name"] for row in running.call("GET", "/api/v1/providers/status").json()["data"]]


def test_a_local_server_joins_costs_nothing_leaves_and_comes_back(gateway: StartGateway, sandbox_config: str) -> None:
    says: dict[str, Told] = {**OLLAMA, "/v1/chat/completions": ANSWER}
    port = free_port()
    running = gateway(local_config(ollama=port) + sandbox_config, env=LOOKS)
    wait_until("the control process", lambda: status_of(running, "sandbox")["status"] == "online")
    assert not {"ollama", "lmstudio"} & {*names(running)}  # a llama-server of another test may be found by its process

    with little_server(says, port) as server:
        wait_until("it to join", lambda: status_of(running, "ollama")["status"] == "online")
        assert status_of(running, "ollama")["models"] == ["llama3:8b"]
        assert status_of(running, "ollama")["origin"] == "automatic"
        assert chat(running, MODEL) == 200
        wait_until("its price", lambda: cost_of(running, MODEL) == "0.000000000")
        assert MODEL in [row["id"] for row in running.call("GET", "/v1/models").json()["data"]]
        pulled = {"data": [{"id": "llama3:8b"}, {"id": "qwen3:4b"}]}
        server.says |= {"/v1/models": pulled, "/api/tags": {"models": [{"name": "llama3:8b"}, {"name": "qwen3:4b"}]}}
        wait_until("its new model", lambda: "qwen3:4b" in str(status_of(running, "ollama")["models"]))
        assert chat(running, "llama3:8b") == 404  # without its name nobody is asked but the first provider

        running.stop()
        running.start()
        assert chat(running, MODEL) == 200

    wait_until("it to leave", lambda: chat(running, MODEL) == 404)
    with little_server(says, port):
        wait_until("it to come back", lambda: chat(running, MODEL) == 200)
    assert "provider joined" in running.log()


def cost_of(running: GatewayProcess, model: str) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    answer = running.call("POST", "/v1/chat/completions", json_body=body)
    return str(answer.headers.get("x-tokenrouter-cost-usd", ""))


def test_a_request_in_flight_finishes_when_its_server_has_left(gateway: StartGateway, sandbox_config: str) -> None:
    may_answer, is_asked = threading.Event(), threading.Event()

    def slowly() -> Told:
        is_asked.set()
        may_answer.wait(300)
        return ANSWER

    with little_server({**OLLAMA, "/v1/chat/completions": slowly}) as server, ThreadPoolExecutor(1) as pool:
        running = gateway(local_config(ollama=server.port) + sandbox_config, env=LOOKS)
        wait_until("it to join", lambda: status_of(running, "ollama")["status"] == "online")
        slow = pool.submit(chat, running, MODEL)
        assert is_asked.wait(60)
        del server.says["/api/tags"]
        wait_until("it to leave", lambda: "ollama" not in names(running))
        may_answer.set()

        assert slow.result() == 200
        assert chat(running, MODEL) == 404


LLAMA_SERVER = """
import sys
from tests.jobs.little_servers import little_server
from tests.jobs.local_programs import LLAMA_CPP
with little_server(LLAMA_CPP, int(sys.argv[sys.argv.index("--port") + 1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are found by /proc, which Linux has")
def test_a_llama_server_is_found_by_its_command_line(
    gateway: StartGateway, sandbox_config: str, tmp_path: Path
) -> None:
    program, port = tmp_path / "llama-server", free_port()
    program.write_text(LLAMA_SERVER)
    command = [sys.executable, str(program), "--port", str(port)]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": root}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        running = gateway(local_config() + sandbox_config, env=LOOKS)
        name = f"llama-cpp-local-{port}"
        wait_until("it to join", lambda: status_of(running, name)["status"] == "online")
        process.communicate()

    wait_until("it to leave", lambda: name not in names(running))


def test_a_local_server_alone_is_enough_to_serve(gateway: StartGateway) -> None:
    with little_server({**OLLAMA, "/v1/chat/completions": ANSWER}) as server:
        running = gateway(local_config(ollama=server.port), env=LOOKS)

        wait_until("it to join", lambda: chat(running, MODEL) == 200)


def test_a_public_provider_joins_when_it_is_switched_on_and_leaves_when_it_is_switched_off(
    gateway: StartGateway, sandbox_config: str
) -> None:
    with little_server({"/v1/models": {"data": [{"id": "free"}]}, "/v1/chat/completions": ANSWER}) as server:
        switched_on = "auto_enable_public_free_models = true\nauto_exclude = ['ovhcloud']\n" + sandbox_config
        env = {"TOKENROUTER_AUTO_ENABLE_PUBLIC_FREE_MODELS": "", "OPENCODE_ZEN_BASE_URL": server.base_url}
        running = gateway(switched_on, env=env)
        wait_until("it to join", lambda: chat(running, "opencode-zen/free") == 200)
        wait_until("its check", lambda: status_of(running, "opencode-zen")["status"] == "online")
        assert server.asked.count("GET /v1/models") == 2  # whether it is there, and what it has

        text = running.config_file.read_text()
        running.config_file.write_text(text.replace("models = true", "models = false"))
        running.reload()
        wait_until("it to leave", lambda: chat(running, "opencode-zen/free") == 404)
