"""`torod import` as a user types it, beside a running server: the keys answer at once, and limits go on."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.imports import predecessors
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import GatewayProcess, Home, SandboxProcess, make_home, wait_until

TOROD = str(Path(sys.executable).with_name("torod"))
WITHIN_S = 60.0

# One server takes in all of it, and some of the tests ask for what others have brought.
pytestmark = pytest.mark.xdist_group("imports over the command line")


@dataclass(frozen=True, slots=True)
class Running:
    """A server, and where the others' databases are built."""

    gateway: GatewayProcess
    folder: Path
    sandbox_url: str
    postgres_url: str

    def bring(self, kind: str, *sources: object, **more: Any) -> dict[str, Any]:
        done = torod(self.gateway, "import", kind, *map(str, sources), "--json", **more)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def ask(self, key: str, model: str) -> int:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
        return self.gateway.call("POST", "/v1/chat/completions", json_body=body, key=key).status

    def answers(self, key: str, model: str, status: int = 200) -> None:
        """Wait until a request is answered so: a running server has a change within a second."""
        wait_until(f"{status} for {model}", lambda: self.ask(key, model) == status, WITHIN_S)


def torod(gateway: GatewayProcess, *args: str, typed: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TOROD, *args, "--config", str(gateway.config_file)],
        env={**gateway.home.env, **env},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess, postgres: PostgresServer
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("imports")
    config = f"""
allow_private_providers = true
[[providers]]
name = "openai"
provider_type = "openai-compatible"
base_url = "{sandbox.base_url}"
api_key = "sandbox"
"""
    database = postgres.create_database()
    with GatewayProcess(make_home(folder), config) as gateway:
        yield Running(gateway, folder, sandbox.base_url, postgres.url(database))
    postgres.drop_database(database)


@pytest.fixture
def foreign_url(running: Running, postgres: PostgresServer) -> Iterator[str]:
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


def test_a_team_of_the_classroom_is_let_in_and_has_what_was_left_of_its_quota(running: Running) -> None:
    file = predecessors.build_classroom(running.folder / "classroom", running.sandbox_url)

    told = running.bring("classroom", file)

    token = predecessors.TEAM_TOKEN
    running.answers(token, "provider/echo", 429)  # of 100,000 tokens 10 are left
    assert running.gateway.call("GET", "/v1/models", key=token).status == 200
    assert told["added"]["requests"] == 3
    used = running.gateway.call("GET", "/v1/usage", key=token).json()["used"]["lifetime"]
    assert used["total_tokens"] == 300


def test_a_user_of_the_llm_api_proxy_goes_on(running: Running) -> None:
    file = predecessors.build_llm_proxy(running.folder / "proxy", running.sandbox_url.removesuffix("/v1"))

    running.bring("llm-proxy", file)

    running.answers(predecessors.PROXY_KEY, "openai/echo")
    assert running.ask(predecessors.PROXY_KEY[::-1], "openai/echo") in (401, 403)  # it was forbidden there


def test_a_jwt_key_of_tokentracer_answers_until_its_days_requests_or_itself_are_gone(
    running: Running, foreign_url: str
) -> None:
    predecessors.build_tokentracer(foreign_url)

    told = running.bring(
        "tokentracer",
        "-",
        "--skip-conflicts",
        typed=foreign_url + "\n",
        TOKENTRACER_ENCRYPTION_KEY=predecessors.TRACER_ENCRYPTION_KEY,
    )

    assert [one["what"] for one in told["conflicts"]] == ["the provider 'openai'"]
    running.answers(predecessors.JWT, "prod")  # one of three was made there today, this is the second
    assert running.ask(predecessors.JWT, "spare") == 200
    assert running.ask(predecessors.JWT, "spare") == 429
    assert torod(running.gateway, "keys", "revoke", "ann@x.example api-key-1").returncode == 0
    running.answers(predecessors.JWT, "spare", 401)


def test_a_token_of_one_api_answers_in_both_forms(running: Running) -> None:
    dump = predecessors.build_one_api_dump(running.folder / "dump.sql", running.sandbox_url)

    running.bring("one-api", dump)

    running.answers(f"sk-{predecessors.ONE_API_KEY}", "both")
    assert running.ask(predecessors.ONE_API_KEY, "both") == 200
    assert running.ask(f"sk-{predecessors.ONE_API_KEY}", "first-channel/verbose") == 403


def test_a_key_of_litellm_answers_by_its_hash_and_its_budget_goes_on(running: Running, foreign_url: str) -> None:
    config = predecessors.build_litellm(running.folder / "litellm", foreign_url, running.sandbox_url)

    running.bring("litellm", config, foreign_url)

    running.answers(predecessors.LITELLM_KEY, "gpt-4o", 429)  # a hundred-thousandth of a cent is left
    used = running.gateway.call("GET", "/v1/usage", key=predecessors.LITELLM_KEY).json()["used"]["lifetime"]
    assert (used["total_tokens"], used["cost_usd"]) == (30, "0.00125")
    running.answers("sk-master-0123456789", "gpt-4o")


def test_a_key_of_tokenrouter_go_answers_as_its_quota_lets_it(running: Running) -> None:
    file = predecessors.build_tokenrouter_go(running.folder / "go", running.sandbox_url)

    running.bring("tokenrouter-go", file, running.folder / "go" / "cache", "--prefix", "go-")

    running.answers(predecessors.GO_ADMIN, "fast")
    running.answers(predecessors.GO_KEY, "lab/echo", 429)


def test_what_is_told_can_be_read_and_a_dry_run_says_that_it_was_one(running: Running) -> None:
    file = predecessors.build_classroom(running.folder / "again", running.sandbox_url)

    done = torod(running.gateway, "import", "classroom", str(file), "--dry-run", "--prefix", "b-")

    assert done.returncode == 1  # the tokens are there, under the names without the prefix
    done = torod(running.gateway, "import", "classroom", str(file), "--dry-run")
    assert "teams: 0 new, 2 there already" in done.stdout
    assert "nothing was written" in done.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("classroom", "/nowhere.db"), "cannot be read"),
        (("classroom", "postgresql://nobody:secret@127.0.0.1:1/x"), "cannot be opened"),
        (("classroom", "a.db", "b.db"), "give one source"),
        (("classroom", "a.db", "--tz", "Moon/Base"), "Moon/Base"),
    ],
)
def test_what_cannot_be_done_is_one_line(running: Running, args: tuple[str, ...], words: str) -> None:
    done = torod(running.gateway, "import", *args)

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_killed_in_the_middle_it_has_written_nothing(home: Home, postgres: PostgresServer, tmp_path: Path) -> None:
    name = postgres.create_database()
    url = postgres.url(name)
    predecessors.build_litellm(tmp_path / "litellm", url, "http://127.0.0.1:9/v1")
    with psycopg.connect(url) as db:
        db.execute(
            'INSERT INTO "LiteLLM_SpendLogs" (request_id, "startTime", model) '
            "SELECT 'many-' || n, now(), 'echo' FROM generate_series(1, 200000) n"
        )
    command = [TOROD, "import", "litellm", url]
    process = subprocess.Popen(command, env=home.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wal = home.path / "data" / "tokenrouter.db-wal"
    wait_until("it writes", lambda: wal.exists() and wal.stat().st_size > 2_000_000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    postgres.drop_database(name)

    listed = subprocess.run([TOROD, "keys", "list"], env=home.env, capture_output=True, text=True, check=True)
    assert listed.stdout == ""
