"""The wizard as somebody at a terminal meets it, in a pseudo-terminal, from the first question to the file."""

import socket
import stat
import tomllib
from pathlib import Path

import pytest

from tests.cli.wizard.certificates import write_pair
from tests.cli.wizard.terminal import CTRL_C, DOWN, Terminal
from tokenrouter.testing import processes
from tokenrouter.testing.processes import Home, SandboxProcess

REACH, TLS, PROVIDER, ADMIN = "reach the gateway?", "speaks TLS", "first provider?", "administrator get in?"
MORE, WRITE = "More questions", "Write it?"


def file_of(home: Home) -> Path:
    return home.path / "torod.toml"


def read(home: Home) -> dict[str, object]:
    return tomllib.loads(file_of(home).read_text())


def test_a_first_run_asks_until_answers_are_right_and_writes_for_the_owner_only(
    home: Home, free_port: int, sandbox: SandboxProcess
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, Terminal("config", env=home.env) as terminal:
        terminal.answers(REACH)
        terminal.instead("Port", "eighty")
        terminal.sees("is not host:port")
        terminal.instead("Port", str(other.getsockname()[1]))
        terminal.sees("is taken by another program")
        terminal.instead("Port", str(free_port))
        terminal.answers(TLS)
        terminal.answers(PROVIDER, "any other")
        terminal.instead("shall it be called", "Not Usable")
        terminal.sees("is not usable")
        terminal.instead("shall it be called", "lab")
        terminal.answers("Its base URL")
        terminal.sees("put a value of yours")
        terminal.instead("Its base URL", sandbox.base_url)
        terminal.answers("Where is its key?", DOWN)
        terminal.answers("Its key (not shown)", "a-typed-key")
        terminal.sees("lab: it works")
        terminal.answers(ADMIN)
        terminal.answers(MORE)
        terminal.answers(WRITE)
        terminal.sees("shown only now:")
        code, rest = terminal.ends()

    assert code == 0
    assert "tr_" in rest
    assert "a-typed-key" not in rest + file_of(home).read_text()
    assert read(home) == {
        "listen_addr": f"127.0.0.1:{free_port}",
        "providers": [
            {
                "name": "lab",
                "provider_type": "openai-compatible",
                "base_url": sandbox.base_url,
                "api_key": f"file:{home.path}/keys/lab.key",
            }
        ],
    }
    key_file = home.path / "keys" / "lab.key"
    assert key_file.read_text() == "a-typed-key\n"
    for path, mode in ((file_of(home), 0o600), (key_file, 0o600), (key_file.parent, 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("until", [0, 1, 3, 5])
def test_ctrl_c_at_any_question_leaves_everything_as_it_is(home: Home, free_port: int, until: int) -> None:
    steps = [(REACH, ""), ("Port", ""), (TLS, ""), (PROVIDER, "none for now"), (ADMIN, ""), (MORE, ""), (WRITE, "")]
    args = ("config", "--listen-addr", f"127.0.0.1:{free_port}") if until > 1 else ("config",)
    with Terminal(*args, env=home.env) as terminal:
        for question, typed in steps[2 if until > 1 else 0 : until + (until > 1)]:
            terminal.answers(question, typed)
        terminal.sees(steps[until + (until > 1)][0])
        terminal.presses(CTRL_C)
        code, rest = terminal.ends()

    assert code == 130
    assert "Nothing was written." in rest
    assert list(home.path.iterdir()) == []


def test_a_proxy_in_front_is_asked_for_and_the_sandbox_needs_nothing(home: Home, free_port: int) -> None:
    with Terminal("config", env=home.env) as terminal:
        terminal.answers(REACH, DOWN * 2)
        terminal.instead("Port", str(free_port))
        terminal.instead("the proxy comes from", "nginx")
        terminal.sees("nginx")
        terminal.instead("the proxy comes from", "127.0.0.1 10.0.0.0/8")
        terminal.instead("Address that clients use", "ai.example.org")
        terminal.sees("must be a whole address")
        terminal.instead("Address that clients use", "https://ai.example.org/v1")
        terminal.answers(TLS)
        terminal.answers(PROVIDER, "offline")
        terminal.answers(ADMIN, DOWN)
        terminal.answers(MORE)
        terminal.answers(WRITE)
        code, rest = terminal.ends()

    assert code == 0, rest
    assert "toro connect --url https://ai.example.org" in rest
    assert read(home) == {
        "listen_addr": f"127.0.0.1:{free_port}",
        "trusted_proxies": ["127.0.0.1", "10.0.0.0/8"],
        "public_url": "https://ai.example.org/v1",
        "sandbox": True,
    }


def test_an_address_of_its_own_and_a_certificate_of_its_own(home: Home, free_port: int) -> None:
    https = processes.free_port()
    with Terminal("config", "--provider-type", "none", "--admin", "keep", env=home.env) as terminal:
        terminal.answers(REACH, DOWN * 3)
        terminal.instead("Address (host:port)", "192.0.2.7:8080")
        terminal.sees("is no address of this machine")
        terminal.instead("Address (host:port)", "nowhere.invalid:8080")
        terminal.sees("there is no host")
        terminal.instead("Address (host:port)", f"[::1]:{free_port}")
        terminal.answers(TLS, DOWN * 3)
        terminal.instead("Names besides", "lab.example 10.0.0.7")
        terminal.instead("Address for HTTPS", f"127.0.0.1:{https}")
        terminal.answers("only lead to HTTPS?")
        terminal.answers(MORE)
        terminal.answers(WRITE)
        code, rest = terminal.ends()

    assert code == 0, rest
    section = {"listen_addr": f"127.0.0.1:{https}", "domain": "lab.example", "domains": ["10.0.0.7"]}
    assert read(home) == {
        "listen_addr": f"[::1]:{free_port}",
        "tls": {"enabled": True, "mode": "self_signed", **section},
    }


def test_wrong_certificates_are_asked_for_again(home: Home, tmp_path: Path, free_port: int) -> None:
    https = processes.free_port()
    certificate, key = write_pair(tmp_path)
    _, other_key = write_pair(tmp_path, "other")
    given = ("--listen-addr", f"127.0.0.1:{free_port}", "--provider-type", "none", "--admin", "keep")
    with Terminal("config", *given, env=home.env) as terminal:
        terminal.answers(TLS, DOWN * 2)
        terminal.instead("File with the certificate", "/nowhere.pem")
        terminal.instead("private key", other_key)
        terminal.sees("cannot be read")
        terminal.instead("File with the certificate", certificate)
        terminal.instead("private key", other_key)
        terminal.sees("is the key of another certificate")
        terminal.answers("File with the certificate")
        terminal.instead("private key", key)
        terminal.instead("Address for HTTPS", f"127.0.0.1:{free_port}")
        terminal.sees("each needs an address of its own")
        terminal.instead("Address for HTTPS", f"127.0.0.1:{https}")
        terminal.answers("only lead to HTTPS?", "y")
        terminal.answers(MORE)
        terminal.sees("ai.example.org")
        terminal.answers(WRITE)
        code, rest = terminal.ends()

    assert code == 0, rest
    section = {"enabled": True, "mode": "pem", "listen_addr": f"127.0.0.1:{https}"}
    assert read(home) == {
        "listen_addr": f"127.0.0.1:{free_port}",
        "http_mode": "redirect",
        "tls": {**section, "cert_file": certificate, "key_file": key},
    }


def test_lets_encrypt_wants_a_public_name_and_says_what_it_needs(home: Home, free_port: int) -> None:
    https, redirect = processes.free_port(), processes.free_port()
    given = ("--listen-addr", f"127.0.0.1:{free_port}", "--provider-type", "none", "--admin", "keep", "--no-test")
    with Terminal("config", *given, env=home.env) as terminal:
        terminal.answers(TLS, DOWN * 4)
        terminal.answers("terms of service", "n")
        terminal.sees("choose another way")
        terminal.answers(TLS, DOWN * 4)
        terminal.answers("terms of service", "y")
        terminal.sees("at port 80 or 443 of each name")
        terminal.instead("Name, or several", "gateway.local")
        terminal.sees("is no public name")
        terminal.instead("Name, or several", "ai.example.org, b.example.org")
        terminal.instead("E-mail address", "me")
        terminal.sees("is no e-mail address")
        terminal.instead("E-mail address", "ada@example.org")
        terminal.instead("Address for HTTPS", f"127.0.0.1:{https}")
        terminal.instead("Let's Encrypt's question", f"127.0.0.1:{redirect}")
        terminal.answers("only lead to HTTPS?", "n")
        terminal.answers(MORE)
        terminal.answers(WRITE)
        code, rest = terminal.ends()

    assert code == 0, rest
    assert read(home)["tls"] == {
        "enabled": True,
        "mode": "letsencrypt",
        "listen_addr": f"127.0.0.1:{https}",
        "redirect_addr": f"127.0.0.1:{redirect}",
        "domain": "ai.example.org",
        "domains": ["b.example.org"],
        "email": "ada@example.org",
        "acme_accept_terms": True,
    }


def test_databases_are_tried_before_they_are_written(home: Home, free_port: int) -> None:
    given = ("--listen-addr", f"127.0.0.1:{free_port}", "--provider-type", "none", "--admin", "keep", "--tls", "off")
    with Terminal("config", *given, env=home.env) as terminal:
        terminal.answers(MORE, "y")
        terminal.instead("Database", "mysql://host/db")
        terminal.sees("must be sqlite:///FILE")
        terminal.instead("Database", f"postgresql://u:p@127.0.0.1:{free_port}/d")
        terminal.sees("cannot open the database")
        terminal.instead("Database", "")
        terminal.instead("Redis", f"redis://127.0.0.1:{free_port}/0")
        terminal.sees("does not answer")
        terminal.instead("Redis", "")
        terminal.answers(WRITE, "n")
        code, rest = terminal.ends()

    assert code == 1
    assert "nothing was written" in rest
    assert list(home.path.iterdir()) == []


def test_a_second_run_offers_what_is_there_and_touches_nothing_else(home: Home, free_port: int) -> None:
    text = (
        "# Ada's gateway: ask her.\n"
        f'listen_addr = "127.0.0.1:{free_port}"   # on purpose\n\n'
        "# Who answers.\n[[providers]]\n"
        'name = "lab"\nbase_url = "http://127.0.0.1:9/v1"  # the big one\n\n'
        "[conversations] # few\nmax_items = 200\n"
    )
    file_of(home).write_text(text)
    with Terminal("config", env=home.env) as terminal:
        terminal.answers(REACH, DOWN)
        terminal.answers("Port")
        terminal.answers(TLS)
        terminal.sees("Leave them as they are: lab")
        terminal.presses("\r")
        terminal.answers(ADMIN)
        terminal.answers(MORE)
        terminal.sees("in the clear")
        terminal.sees(f'-listen_addr = "127.0.0.1:{free_port}"')
        terminal.sees(f'+listen_addr = "0.0.0.0:{free_port}"')
        terminal.answers(WRITE)
        code, rest = terminal.ends()

    assert code == 0, rest
    assert file_of(home).read_text() == text.replace('"127.0.0.1:', '"0.0.0.0:', 1)
    assert (home.path / "torod.toml.bak").read_text() == text


def test_serve_without_anything_asks_first_and_then_serves(home: Home, free_port: int) -> None:
    with Terminal("serve", env=home.env) as terminal:
        terminal.answers(REACH)
        terminal.instead("Port", str(free_port))
        terminal.answers(TLS)
        terminal.answers(PROVIDER, "offline")
        terminal.answers(ADMIN, DOWN)
        terminal.answers(MORE)
        terminal.answers(WRITE)
        terminal.sees(f"TokenRouter is listening on http://127.0.0.1:{free_port}")
        terminal.sees("Set up the administrator")
        terminal.presses(CTRL_C)
        code, _ = terminal.ends()

    assert code == 0


def test_serve_asks_nothing_when_it_is_told_so(home: Home) -> None:
    with Terminal("serve", "--no-wizard", env=home.env) as terminal:
        code, rest = terminal.ends()

    assert code == 2
    assert "there is no provider yet" in rest
