"""One run of a real server with everything that has secrets; afterwards they are searched for in all that it left.

Conversations are not kept in it, so questions and answers are secrets too. Where a secret must be, the tests say so:
`OWN_FILES`, and answers that `Run.shown` fetches, which give somebody a new secret or their own words.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.parrot import parrot
from tests.e2e.searched import Secrets
from tests.jobs.collector import Collector, collector
from tokenrouter.testing.process_table import descendants
from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

TOROD = str(Path(sys.executable).with_name("torod"))
OWN_FILES = {"torod.toml": "what the operator wrote", "sandbox-books.jsonl": "the provider's own books"}
"""Where secrets may stand in the home folder, and why."""
MAIL = "pupil@school.example"
ASKED = ("chat", "responses", "messages", "gemini")
PATHS: Mapping[str, str] = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}


@dataclass
class Run:
    """The run while it goes on, and what was seen of it.

    Attributes:
        refused: bodies and headers of answers with an error, by what was asked.
        told: answers of lists and single subjects, metrics, exports.
        printed: what commands printed that give out no secret.
        dump_limits: of each process, how many bytes of its memory a crash may write.
    """

    gateway: GatewayProcess
    secrets: Secrets
    refused: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, bytes] = field(default_factory=dict)
    printed: bytes = b""
    command_lines: bytes = b""
    dump_limits: dict[str, str] = field(default_factory=dict)
    collector: Collector | None = None

    def ask(self, method: str, path: str, body: object = None, **how: Any) -> Answer:
        """Ask, and keep the answer: nothing secret may stand in it."""
        answer = self.gateway.call(method, path, json_body=body, **how)
        kept = repr(sorted(answer.headers.items())).encode() + answer.body
        into = self.refused if answer.status >= 400 else self.told
        into[f"{len(self.refused) + len(self.told)} {method} {path}"] = kept
        return answer

    def shown(self, method: str, path: str, body: object = None, **how: Any) -> Answer:
        """Ask for what shows a new secret, or says one's own words back."""
        answer = self.gateway.call(method, path, json_body=body, **how)
        assert answer.status < 400, (path, answer.body)
        return answer

    def torod(self, *args: str, stdin: str = "") -> str:
        command = [TOROD, *args, "--config", str(self.gateway.config_file)]
        done = subprocess.run(
            command, env=dict(self.gateway.env), input=stdin, capture_output=True, text=True, timeout=60, check=True
        )
        self.printed += done.stderr.encode()
        return done.stdout

    def key(self, name: str, method: str, path: str, body: object = None, *, field: str = "key", **how: Any) -> str:
        """Return a new secret, and remember it."""
        return self.secrets.know(name, self.shown(method, path, body, **how).json()[field])


def config(secrets: Secrets, root: str, parrot_url: str, got: Collector, file_key: str) -> str:
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{file_key}"\n{text.format(root=root)}\n'
        'passthrough_paths = ["* /v1/vector_stores/*", "POST /v1/vector_stores"]\n'
        for name, text in PROVIDERS.items()
    )
    return f"""
allow_private_providers = true
[logs]
level = "debug"
[otel]
endpoint = "{got.url}"
interval_s = 1
[otel.headers]
authorization = "Bearer {secrets.new("the collector's token")}"
[sign_up]
enabled = true
[[oidc]]
name = "school"
issuer = "http://127.0.0.1:1"
client_id = "gateway"
client_secret = "{secrets.new("client secret")}"
allow_private = true
auto_create = true
redirect_uri = "http://gateway.test/admin/oidc/school/callback"
[alerts.email]
host = "127.0.0.1"
port = 1
from = "gateway@example.org"
to = ["ops@example.org"]
user = "gateway"
password = "{secrets.new("password at the mail server")}"
[[alerts.webhooks]]
url = "http://127.0.0.1:1/{secrets.new("path of a webhook that is away")}"
secret = "{secrets.new("secret of a webhook that is away")}"
allow_private = true
[[alerts.webhooks]]
url = "{got.url}/{secrets.new("path of a webhook")}"
secret = "{secrets.new("secret of a webhook")}"
allow_private = true
[[limits]]
scope = "key:soft"
metric = "requests"
window = "lifetime"
amount = 1
mode = "soft"
[[guardrails]]
name = "words"
type = "block"
words = ["project zeus"]
[[guardrails]]
name = "privacy"
type = "redact"
scope = "key:soft"
[[incoming_tokens]]
name = "soft"
key = "{secrets.new("a key in the file", "tr_soft-")}"
passthrough = true
{providers}
[[providers]]
name = "away"
provider_type = "openai-compatible"
base_url = "http://127.0.0.1:1/v1"
api_key = "{secrets.new("key of a provider that is away", "sk-")}"
[[providers]]
name = "odd"
provider_type = "sandbox"
base_url = "{root}/v1"
api_key = "env:ODD_KEY"
[[providers]]
name = "parrot"
provider_type = "openai-compatible"
base_url = "{parrot_url}"
api_key = "{secrets.new("key that a provider repeats", "an odd one, ")}"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder, secrets = tmp_path_factory.mktemp("leaks"), Secrets()
    keys = [secrets.new("provider's key in the file", "sk-file-"), secrets.new("provider's key by the API", "sk-db-")]
    odd = secrets.new("provider's key in a variable", "sk-env-")
    password = secrets.new("ADMIN_PASSWORD", "pass /+ ")
    codes = secrets.new("access code in a variable", "code-")
    env = {
        "ODD_KEY": odd,
        "ADMIN_PASSWORD": password,
        "REGISTRATION_ACCESS_CODES": codes,
        "PYTHONFAULTHANDLER": "1",
    }
    args = [word for key in (*keys, odd) for word in ("--api-key", key)]
    with (
        SandboxProcess(folder, env=make_home(folder / "sandbox").env, args=args) as sandbox,
        parrot() as parrot_url,
        collector() as got,
    ):
        root = sandbox.base_url.removesuffix("/v1")
        text = config(secrets, root, parrot_url, got, keys[0])
        gateway = GatewayProcess(make_home(folder), text, env=env)
        secrets.know("the administrator's key", gateway.key)
        run = Run(gateway, secrets, collector=got)
        with core_dumps(), gateway:
            wait_until("the control process", lambda: gateway.call("GET", "/api/v1/keys").status == 200)
            users = people(run, password, codes)
            questions(run, users)
            refusals(run, keys[1], sandbox.base_url)
            lists(run)
            processes(run)
            crashes(run, users[0])
            lists(run)
        yield run


class core_dumps:  # noqa: N801 (reads as a statement)
    """Lets what is started write its memory when it crashes, as far as this machine lets us."""

    def __enter__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (self._before[1], self._before[1]))

    def __exit__(self, *_error: object) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, self._before)


def people(run: Run, admin_password: str, code: str) -> list[str]:
    """Make keys in every way there is, and let people in in every way; return keys to ask with."""
    secrets, panel = run.secrets, {"X-Admin-Password": admin_password}
    keys = [run.key("a key by the API", "POST", "/api/v1/keys", {"name": "made", "passthrough": True})]
    keys.append(secrets.know("a key by command", run.torod("keys", "create", "by-command").strip()))
    run.key("a key put in place of another", "POST", "/api/v1/keys/made/rotate", {"overlap_s": 3600})
    chosen = secrets.new("a chosen key", "sk-chosen-")
    run.shown("POST", "/api/v1/keys", {"name": "chosen", "key": chosen})
    link = secrets.know("set-up link", run.torod("admin", "setup-link").split()[-1])
    run.ask("GET", link.removeprefix(run.gateway.origin))

    typed = secrets.new("chosen access code", "blackboard ")
    run.shown("POST", "/api/v1/access-codes", {"code": typed, "team": "physics", "quota_tokens": 100_000})
    run.key("random access code", "POST", "/api/v1/access-codes", {}, field="code")
    password = secrets.new("somebody's password", "pä/ ")
    run.ask("POST", "/api/v1/sign-up", {"email": MAIL, "password": password, "access_code": typed}, key=None)
    credentials = {"email": MAIL, "password": password}
    session = run.shown("POST", "/api/v1/session", credentials, key=None)
    cookie = session.headers["set-cookie"].partition(";")[0]
    secrets.know("session", cookie)
    csrf = secrets.know("csrf token", session.json()["csrf"])
    signed_in = {"cookie": cookie, "x-csrf-token": csrf}
    run.ask("GET", "/admin/usage", key=None, headers={**signed_in, "accept": "text/html"})
    run.ask("DELETE", "/api/v1/session", key=None, headers={"cookie": cookie})
    changed = secrets.new("the next password", "another one ")
    both = {"old_password": password, "new_password": changed}
    run.ask("POST", "/api/v1/me/password", both, key=None, headers=signed_in)
    run.ask("POST", "/api/v1/session", {"email": MAIL, "password": secrets.new("wrong password", "no ")}, key=None)
    run.ask("POST", "/api/v1/session", {"secret": secrets.new("wrong secret", "tr_")}, key=None)
    run.ask("GET", "/admin/oidc/school/start", key=None)

    run.shown("POST", "/api/v1/users", {"name": "guest", "email": "guest@school.example"})
    run.key("invitation", "POST", "/api/v1/users/guest/invitation", field="path")
    roster = b"name,email,team,quota\nAnna,anna@school.example,physics,5000\n"
    answer = run.gateway.call("POST", "/api/v1/roster", headers={"Content-Type": "text/csv"}, raw_body=roster)
    keys.append(secrets.know("a key of a class list", answer.json()["people"][0]["key"]))

    credentials = {"email": MAIL, "password": changed}
    token = run.key("TokenTracer's token", "POST", "/auth/login", credentials, field="token", key=None)
    keys.append(run.key("TokenTracer's key", "POST", "/auth/key", field="token", key=token))
    team = {"name": "Team Alpha", "quota_tokens": 500_000}
    keys.append(run.key("Classroom's key", "POST", "/admin/teams", team, field="token", key=None, headers=panel))
    wanted = {"username": "anna_bell", "email": "bell@school.example", "access_code": code}
    keys.append(run.key("a registered key", "POST", "/register", wanted, field="api_key", key=None))
    run.ask("POST", "/register", wanted | {"access_code": secrets.new("wrong access code")}, key=None)
    keys.append(run.key("LLM API Proxy's key", "POST", "/admin/gen_key", {"username": "proxied"}, field="api_key"))
    return keys


def body_of(dialect: str, model: str, words: str, *, stream: bool = False) -> tuple[str, dict[str, Any]]:
    """Return path and body of a question in a dialect."""
    messages = [{"role": "user", "content": words}]
    if dialect == "gemini":
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{verb}", {"contents": [{"role": "user", "parts": [{"text": words}]}]}
    asked = {"input": words} if dialect == "responses" else {"messages": messages}
    limit = {"max_tokens": 200} if dialect == "messages" else {}
    return PATHS[dialect], {"model": model, "stream": stream, **asked, **limit}


def question(run: Run, key: str, dialect: str, model: str, name: str, *, stream: bool = False, how: str = "") -> Answer:
    """Ask once. `how`: "shown" where the answer says the question back, "repeated" where a provider's error does."""
    words = run.secrets.new(f"question: {name}", 'please say "', '" again ä')
    path, body = body_of(dialect, model, words, stream=stream)
    if how == "repeated":
        answer = run.gateway.call("POST", path, json_body=body, key=key)
        own = run.secrets.without(f"question: {name}", answer.body)
        run.refused[f"{name} {stream} {answer.status}"] = own
        return answer
    return (run.shown if how == "shown" else run.ask)("POST", path, body, key=key)


def questions(run: Run, keys: list[str]) -> None:
    """Ask in all dialects, whole and as streams, of providers of all dialects."""
    made = keys[0]
    nothing = {"model": "chat/echo", "messages": []}
    wait_until("limits", lambda: run.ask("POST", PATHS["chat"], nothing, key=keys[-2]).status != 503)
    for key in keys:
        question(run, key, "chat", "chat/echo", "by each key", how="shown")
    for dialect in ASKED:
        for provider in (dialect, "messages" if dialect != "messages" else "chat"):
            for stream in (False, True):
                name = f"{dialect} to {provider}, stream {stream}"
                question(run, made, dialect, f"{provider}/echo", name, stream=stream, how="shown")
    for _ in range(2):
        question(run, run_key(run, "soft"), "chat", "odd/echo", "soft", how="shown")
    for model in ("parrot/status-401", "away/x", "chat/fault/500", "nobody/x"):
        question(run, made, "chat", model, model)
    for model in ("parrot/status-400", "parrot/status-429", "parrot/not-json", "parrot/stream-error"):
        for stream in (False, True):
            question(run, made, "chat", model, f"{model} {stream}", stream=stream, how="repeated")
    for model in ("chat/fault/cut", "messages/fault/error-midstream"):
        for stream in (False, True):
            question(run, made, "chat", model, f"{model} {stream}", stream=stream)
    question(run, made, "chat", "chat/echo?project zeus", "no model")
    words = run.secrets.new("a question that is refused", "about project zeus ")
    run.ask("POST", PATHS["chat"], body_of("chat", "chat/echo", words)[1], key=made)
    words = run.secrets.new("a question that is explained", "why ")
    run.ask("POST", "/v1/route/explain", body_of("chat", "chat/echo", words)[1], key=made)
    store = {"name": run.secrets.new("name of a vector store")}
    run.shown("POST", "/passthrough/chat/v1/vector_stores", store, key=made)
    file = run.secrets.new("text of a file", "notes ")
    form = '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--b\r\ncontent-disposition: '
    form += f'form-data; name="file"; filename="a.txt"\r\n\r\n{file}\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    run.shown("POST", "/v1/files?provider=odd", raw_body=form.encode(), headers=headers, key=made)


def run_key(run: Run, name: str) -> str:
    """Return a key that the file declares."""
    text = run.gateway.config_file.read_text().partition(f'name = "{name}"\nkey = "')[2]
    return text.partition('"')[0]


def refusals(run: Run, good_key: str, sandbox_url: str) -> None:
    """Show wrong keys and broken requests; make providers by the API, with keys that are good and that are not."""
    for key in (run.secrets.new("wrong key", "tr_wrong-"), "tr_" + run.secrets.new("wrong key twice")):
        question(run, key, "chat", "chat/echo", "of a wrong key")
        run.ask("GET", "/api/v1/keys", key=key)
    query = run.secrets.new("key in the query of Gemini's clients", "tr_query-")
    run.ask("POST", f"/v1beta/models/chat/echo:generateContent?key={query}", {"contents": []}, key=None)
    broken = run.secrets.new("broken JSON", '{"messages": [')
    for path in PATHS.values():
        answer = run.gateway.call("POST", path, raw_body=broken.encode())
        run.refused[f"broken {path}"] = answer.body
    provider = {"name": "stored", "base_url": sandbox_url, "api_key": good_key}
    assert run.ask("POST", "/api/v1/providers", provider).status == 201
    question(run, run.gateway.key, "chat", "stored/echo", "to a stored provider", how="shown")
    wrong = run.secrets.new("wrong key of a provider", "sk-wrong-")
    run.ask("POST", "/api/v1/providers/test", {**provider, "name": "tried", "api_key": wrong})
    run.ask("PATCH", "/api/v1/providers/stored", {"api_key": wrong, "nonsense": wrong})
    run.ask("POST", "/api/v1/providers", {**provider, "name": "Bad Name!", "api_key": wrong})
    run.ask("PATCH", "/api/v1/settings", {"nonsense": run.secrets.new("a setting that is none")})
    run.ask("POST", "/api/v1/keys", {"name": "x", "key": run.secrets.new("a key that is refused", "ä b ")})
    with run.gateway.config_file.open("a") as file:
        file.write(f'\n[[providers]]\nname = "late"\nbase_url = "{sandbox_url}"\napi_key = "{wrong}"\nnonsense = 1\n')
    run.gateway.reload()
    wait_until("it is said", lambda: b"was not applied" in run.ask("GET", "/api/v1/logs?q=not+applied").body)
    text = run.gateway.config_file.read_text()
    run.gateway.config_file.write_text(text.replace("nonsense = 1\n", ""))
    run.gateway.reload()
    wait_until("it is said", lambda: b"reloaded" in run.ask("GET", "/api/v1/logs?q=reloaded").body)


def lists(run: Run) -> None:
    """Read everything that the API lists, as JSON and as CSV."""
    wait_until("the control process", lambda: run.gateway.call("GET", "/api/v1/keys").status == 200)
    paths = run.gateway.call("GET", "/openapi.json").json()["paths"]
    single = [path for path, methods in paths.items() if "get" in methods and "{" not in path]
    for path in (*single, "/admin", "/metrics", "/admin/teams", "/admin/list_users", "/admin/list_costs"):
        if not path.endswith(("stream", "events")):
            run.ask("GET", path)
    for subject in ("ledger", "keys", "users", "logs", "audit"):
        run.ask("GET", f"/api/v1/{subject}?format=csv&limit=1000")
        run.ask("GET", f"/api/v1/{subject}?limit=1000")


def processes(run: Run) -> None:
    """Note what everybody on the machine can see of the processes, and what a crash of them may write."""
    for row in descendants(run.gateway.pid):
        run.command_lines += " ".join(row.argv).encode()
    for role, pid in run.gateway.pids.items():
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
        run.dump_limits[role] = next(line.split()[4] for line in lines if line.startswith("Max core file size"))


def crashes(run: Run, key: str) -> None:
    """Let each process die of itself while requests run, and the whole server at last; start it again."""
    gateway = run.gateway
    for role, number in (("control", signal.SIGABRT), ("data", signal.SIGSEGV)):
        waiting = threading.Thread(target=ask_until_cut, args=(run, key, role))
        waiting.start()
        os.kill(before := gateway.pids[role], number)
        wait_until("another one", lambda: gateway.pids.get(role, before) != before)  # noqa: B023
        wait_until("it serves", lambda: gateway.call("GET", "/api/v1/keys").status == 200)
        waiting.join()
    run.printed += gateway.log_file.read_bytes()
    gateway.kill()
    gateway.start()


def ask_until_cut(run: Run, key: str, role: str) -> None:
    """Ask for a long stream."""
    words = run.secrets.new(f"a question while {role} dies")
    body = {"model": "chat/lorem-2000", "stream": True, "messages": [{"role": "user", "content": words}]}
    with suppress(OSError, HTTPException):
        run.gateway.call("POST", PATHS["chat"], json_body=body, key=key)


def leaks(run: Run, parts: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Return which secrets stand where."""
    return {where: found for where, data in parts.items() if (found := run.secrets.found_in(data))}


def test_what_was_to_happen_has_happened(run: Run) -> None:
    said = run.gateway.log_file.read_text()
    rows = json.loads(next(data[data.index(b'{"data"') :] for path, data in run.told.items() if "ledger?limit" in path))

    assert "Fatal Python error: Aborted" in said
    assert "Fatal Python error: Segmentation fault" in said
    assert len(rows["data"]) > 40
    assert run.collector is not None
    assert run.collector.spans()
    assert [name for name in run.refused if "/v1/chat/completions" in name]
    found = run.secrets.found_in(run.gateway.config_file.read_bytes())
    assert {"client secret", "secret of a webhook", "the administrator's key"} <= found


def test_no_file_of_the_server_holds_a_secret_or_a_word(run: Run) -> None:
    files = [path for path in run.gateway.home.path.rglob("*") if path.is_file() and path.name not in OWN_FILES]
    assert {"tokenrouter.db", "serve.log"} <= {path.name for path in files}

    assert leaks(run, {str(path.relative_to(run.gateway.home.path)): path.read_bytes() for path in files}) == {}


def test_nothing_printed_and_no_command_line_holds_any(run: Run) -> None:
    assert leaks(run, {"printed": run.printed, "command lines": run.command_lines}) == {}


def test_no_error_repeats_any(run: Run) -> None:
    assert len(run.refused) > 20
    assert leaks(run, run.refused) == {}


def test_no_list_export_or_metric_tells_any(run: Run) -> None:
    assert len(run.told) > 40
    assert leaks(run, run.told) == {}


def test_no_trace_and_no_webhook_takes_any_along(run: Run) -> None:
    assert run.collector is not None
    assert leaks(run, {str(number): body for number, body in enumerate(run.collector.bodies)}) == {}


def test_a_crash_writes_no_memory_down(run: Run) -> None:
    assert run.dump_limits.keys() >= {"main", "control", "data"}
    assert all(limit in ("0", "1") for limit in run.dump_limits.values()), run.dump_limits
