"""`torod config` where nobody can be asked: flags, variables, answers files; what is missing or wrong is told."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.installed import torod
from tests.cli.wizard.certificates import write_pair
from tokenrouter.testing.processes import GatewayProcess, Home, SandboxProcess, wait_until

SANDBOX = ("config", "--provider-type", "sandbox")


def file_of(home: Home) -> Path:
    return home.path / "torod.toml"


def test_without_terminal_and_answers_it_says_what_is_missing(home: Home) -> None:
    nothing = torod(home, "config")
    little = torod(home, "config", "--listen-addr", "127.0.0.1:18080")

    assert (nothing.exit_code, little.exit_code) == (2, 2)
    assert "there is no terminal" in nothing.stderr
    assert "provider_type: is missing" in little.stderr
    assert not file_of(home).exists()


def test_every_wrong_answer_is_told_at_once_and_nothing_is_written(home: Home) -> None:
    done = torod(home, "config", "--provider-type", "opnai", "--listen-addr", "x", TOROD_CONFIG_PUBLIC_URL="y")

    assert done.exit_code == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "listen_addr",
        "public_url",
        "provider_type",
        "torod",
    ]
    assert list(home.path.iterdir()) == []


@pytest.mark.parametrize("flag", ["--config", "--server-config"])
def test_another_file_may_be_named_also_as_the_predecessor_does(home: Home, tmp_path: Path, flag: str) -> None:
    file = tmp_path / "elsewhere" / "torod.toml"
    file.parent.mkdir()

    done = torod(home, "config", flag, str(file), "--provider-type", "sandbox", "--admin", "link", "--no-test")

    assert done.exit_code == 0, done.stderr
    assert "sandbox = true" in file.read_text()
    assert not (home.path / "torod.toml").exists()


@pytest.mark.parametrize("kind", ["toml", "json", "stdin", "flags", "variables"])
def test_every_way_to_answer_makes_the_same_file(home: Home, tmp_path: Path, kind: str, free_port: int) -> None:
    answers: dict[str, Any] = {
        "listen_addr": f"127.0.0.1:{free_port}",
        "trusted_proxies": ["127.0.0.1", "10.0.0.0/8"],
        "provider_type": "openai",
        "provider_key_env": "LAB_KEY",
        "tls": "proxy",
        "admin": "link",
    }
    file = tmp_path / "answers"
    toml = "".join(f"{name} = {json.dumps(value)}\n" for name, value in answers.items())
    file.write_text(toml if kind == "toml" else json.dumps(answers))
    flags: list[str] = []
    for name, value in answers.items():
        for one in value if isinstance(value, list) else [value]:
            flags += [f"--{name.replace('_', '-')}", one]
    variables = {
        f"TOROD_CONFIG_{name.upper()}": ",".join(value) if isinstance(value, list) else value
        for name, value in answers.items()
    }
    args = {"toml": ["--answers", str(file)], "json": ["--answers", str(file)], "stdin": ["--answers", "-"]}
    given = args.get(kind, flags if kind == "flags" else [])

    done = torod(
        home,
        "config",
        *given,
        "--no-test",
        text=toml,
        **(variables if kind == "variables" else {}),
        LAB_KEY="sk-123456",
    )

    assert done.exit_code == 0, done.stderr
    assert tomllib.loads(file_of(home).read_text()) == {
        "listen_addr": f"127.0.0.1:{free_port}",
        "trusted_proxies": ["127.0.0.1", "10.0.0.0/8"],
        "providers": [{"name": "openai", "api_key": "env:LAB_KEY"}],
    }
    assert "sk-123456" not in done.output


def test_an_answer_of_no_question_is_told_with_the_nearest_one(home: Home) -> None:
    done = torod(home, "config", "--answers", "-", text='provider_typ = "sandbox"\n')

    assert done.exit_code == 2
    assert 'provider_typ: there is no such question; did you mean "provider_type"?' in done.stderr


def test_a_dry_run_prints_the_file_and_writes_none(home: Home) -> None:
    done = torod(home, *SANDBOX, "--dry-run", TOROD_CONFIG_REDIS_URL="redis://u:hunter2@h/0", TOROD_CONFIG_ADMIN="key")
    tested = torod(home, *SANDBOX, "--dry-run", "--no-test", TOROD_CONFIG_REDIS_URL="redis://u:hunter2@h/0")

    assert (done.exit_code, tested.exit_code) == (2, 0)
    assert "redis_url: redis://h:6379/0 does not answer" in done.stderr
    assert "sandbox = true" in tested.stdout
    assert "hunter2" not in done.output + tested.output
    assert list(home.path.iterdir()) == []


def test_a_provider_that_fails_its_test_is_not_written(home: Home, free_port: int) -> None:
    args = ("--provider-type", "openai-compatible", "--provider-base-url", f"http://127.0.0.1:{free_port}/v1")

    done = torod(home, "config", *args)
    untried = torod(home, "config", *args, "--no-test")

    assert (done.exit_code, untried.exit_code) == (1, 0)
    assert "cannot be reached" in done.stderr


def test_a_certificate_that_does_not_fit_is_refused(home: Home, tmp_path: Path) -> None:
    certificate, _ = write_pair(tmp_path)
    _, key = write_pair(tmp_path, "other")

    done = torod(home, *SANDBOX, "--tls", "pem", "--tls-cert-file", certificate, "--tls-key-file", key)

    assert done.exit_code == 2
    assert "tls_key_file:" in done.stderr
    assert "another certificate" in done.stderr


def test_answers_change_a_file_that_exists_and_say_how(home: Home) -> None:
    text = '# mine\nlisten_addr = "127.0.0.1:18080" # there\n\n[[providers]] # two\nname = "a"\napi_key = "sk-abcdef"\n'
    file_of(home).write_text(text)

    done = torod(home, "config", "--public-url", "https://ai.example.org")
    again = torod(home, "config", "--public-url", "https://ai.example.org")

    added = '\n# What clients are pointed at.\npublic_url = "https://ai.example.org"\n'
    assert done.exit_code == again.exit_code == 0, done.stderr
    assert file_of(home).read_text() == text.replace("# there\n", f"# there\n{added}")
    assert '+public_url = "https://ai.example.org"' in done.stdout
    assert "says all that already" in again.stderr
    assert "sk-abcdef" not in done.output


def test_a_file_that_is_no_toml_is_left_alone(home: Home) -> None:
    file_of(home).write_text("listen_addr = \n")

    done = torod(home, *SANDBOX)

    assert done.exit_code == 1
    assert "was left as it is: it is not TOML" in done.stderr
    assert file_of(home).read_text() == "listen_addr = \n"


def test_what_would_not_load_is_not_written(home: Home) -> None:
    text = '[[incoming_tokens]]\nname = "a"\nkey = "the-same-key-twice"\n'
    file_of(home).write_text(text)
    own = ("--provider-type", "ollama", "--provider-base-url", "http://127.0.0.1:8080/v1")

    same = torod(
        home, "config", "--provider-type", "openai", "--no-test", TOROD_CONFIG_PROVIDER_KEY="the-same-key-twice"
    )
    itself = torod(home, "config", *own, "--no-test")

    assert same.exit_code == itself.exit_code == 1
    assert "holds the key 'a' of this gateway" in same.stderr
    assert "is this gateway's own address" in itself.stderr
    assert file_of(home).read_text() == text
    assert [one.name for one in home.path.iterdir()] == ["torod.toml"]


def test_flags_before_a_subcommand_are_refused(home: Home) -> None:
    done = torod(home, "config", "--config", "x", "check")

    assert done.exit_code == 2
    assert "Write flags behind 'check'" in done.stderr


def test_what_was_answered_is_what_serves(home: Home, sandbox: SandboxProcess, free_port: int) -> None:
    args = ("--provider-type", "openai-compatible", "--provider-base-url", sandbox.base_url, "--provider-name", "lab")
    done = torod(
        home,
        "config",
        *args,
        "--listen-addr",
        f"127.0.0.1:{free_port}",
        "--admin",
        "key",
        TOROD_CONFIG_PROVIDER_KEY="k-123456",
    )
    assert done.exit_code == 0, done.stderr
    key = next(line for line in done.stdout.splitlines() if line.startswith("tr_"))

    with GatewayProcess(home, file_of(home).read_text()) as running:
        question = {"model": "lab/echo", "messages": [{"role": "user", "content": "Hello!"}]}
        wait_until("the key of the database is known", lambda: running.call("GET", "/v1/models", key=key).status == 200)
        answer = running.call("POST", "/v1/chat/completions", json_body=question, key=key)
        assert answer.status == 200, answer.body
        assert running.call("GET", "/api/v1/keys", key=key).status == 200
