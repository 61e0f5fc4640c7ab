"""`toro connect` and `toro set-key`, by flags and at a terminal."""

import json
import tomllib
from typing import Any

import pexpect
import pytest

from tests.cli.terminal.conftest import ALICE, Toro, typed
from tokenrouter.cli.terminal.connect import Wish
from tokenrouter.testing.processes import GatewayProcess, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def kept(toro: Toro) -> dict[str, Any]:
    file = toro.home / "toro.toml"
    return tomllib.loads(file.read_text()) if file.exists() else {}


def finish(terminal: Any) -> tuple[int, str]:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus, terminal.logfile_read.getvalue()


def test_flags_are_enough_and_every_command_then_knows_the_server(alone: Toro, served: GatewayProcess) -> None:
    done = alone("connect", "--url", served.base_url + "/", "--key", "-", text=f"{ALICE}\n")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"Connected to TokenRouter 0.1.0 at {served.origin}, as alice (inferrer): ")
    assert kept(alone) == {"server_url": served.origin, "api_key": ALICE}
    assert (alone.home / "toro.toml").stat().st_mode & 0o777 == 0o600
    assert "key        alice (inferrer)" in alone("status").output


def test_programs_are_told_without_the_key(alone: Toro, served: GatewayProcess) -> None:
    done = alone("config", "--url", served.origin, "--key", ALICE, "--json")

    told = json.loads(done.stdout)
    assert (told["server"], told["name"], told["role"]) == (served.origin, "alice", "inferrer")
    assert ALICE not in done.output


def test_the_servers_own_file_proposes_address_and_key(alone: Toro, served: GatewayProcess) -> None:
    text = f'listen_addr = "{served.address}"\n' + served.config_file.read_text()
    (alone.home / "other.toml").write_text(text)

    done = alone("connect", "--server-config", str(alone.home / "other.toml"))

    assert done.exit_code == 0, done.output
    assert kept(alone) == {"server_url": served.origin, "api_key": served.key}


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--key", "tr_nobodys-0123456789-0123456789"], 1, "--no-check saves"),
        (["--url", f"http://127.0.0.1:{free_port()}"], 3, "is torod running"),
        (["--url", "ftp://x"], 2, "is no address"),
        (["--key", "tr_ü"], 2, "a character that no key has"),
        (["--server-config", "/gone.toml"], 2, "cannot be read"),
    ],
)
def test_what_does_not_work_is_not_kept(
    alone: Toro, served: GatewayProcess, flags: list[str], code: int, words: str
) -> None:
    done = alone("connect", "--url", served.origin, "--key", ALICE, *flags)

    assert (done.exit_code, words in done.output) == (code, True), done.output
    assert kept(alone) == {}


def test_it_is_kept_unseen_when_that_is_wished(alone: Toro) -> None:
    done = alone("connect", "--url", "http://later:1", "--key", "tr_1", "--ca-file", "ca.pem", "--no-check")

    assert done.exit_code == 0
    assert {**kept(alone), "ca_file": ""} == {"server_url": "http://later:1", "api_key": "tr_1", "ca_file": ""}
    assert kept(alone)["ca_file"].endswith("/ca.pem")
    assert kept(alone)["ca_file"].startswith("/")


def test_a_broken_file_is_named_and_stays(alone: Toro) -> None:
    (alone.home / "toro.toml").write_text("api_key = ")

    done = alone("connect", "--url", "http://x", "--key", "", "--no-check")

    assert (done.exit_code, "toro.toml: cannot be read" in done.output) == (2, True)
    assert (alone.home / "toro.toml").read_text() == "api_key = "


def test_a_key_stays_with_the_server_that_it_is_for() -> None:
    wish = Wish("http://a", "tr_1", "/ca")

    assert wish.at("http://a/v1/") == wish
    assert wish.at("http://b") == Wish("http://b", "", "")
    assert wish.at("") == Wish("", "", "")
    assert Wish("", "tr_1", "").at("http://127.0.0.1:8080").key == "tr_1"
    assert Wish("no address", "tr_1", "").at("http://b").key == ""


def test_somebody_at_a_terminal_is_asked_and_nobody_sees_the_key(alone: Toro, served: GatewayProcess) -> None:
    terminal = typed(alone, "connect")
    terminal.expect("Server URL .*: ")
    terminal.sendline("no address")
    terminal.expect("is no address of a server.*Server URL .*: ")
    terminal.sendline(served.base_url)
    terminal.expect("API key .*: ")
    terminal.sendline(ALICE)
    code, shown = finish(terminal)

    assert code == 0
    assert "as alice" in shown
    assert ALICE not in shown
    assert kept(alone) == {"server_url": served.origin, "api_key": ALICE}


def test_enter_keeps_and_a_dash_clears(alone: Toro, served: GatewayProcess) -> None:
    alone("connect", "--url", served.origin, "--key", ALICE)
    terminal = typed(alone, "connect")
    terminal.expect("Server URL .*: ")
    terminal.sendline("")
    terminal.expect("Enter keeps tr_ali…6789, - clears.*: ")
    terminal.sendline("")
    assert finish(terminal)[0] == 0
    assert kept(alone) == {"server_url": served.origin, "api_key": ALICE}

    terminal = typed(alone, "connect")
    terminal.expect("Server URL .*: ")
    terminal.sendline("")
    terminal.expect("API key .*: ")
    terminal.sendline("-")
    terminal.expect("Save it nevertheless")
    terminal.sendline("y")
    assert finish(terminal)[0] == 0
    assert kept(alone) == {"server_url": served.origin}


def test_a_no_and_ctrl_c_keep_nothing(alone: Toro) -> None:
    terminal = typed(alone, "connect", "--url", f"http://127.0.0.1:{free_port()}")
    terminal.expect("API key .*: ")
    terminal.sendline("")
    terminal.expect("nothing answers.*Save it nevertheless.*: ")
    terminal.sendline("")
    assert finish(terminal)[0] == 3
    terminal = typed(alone, "connect")
    terminal.expect("Server URL .*: ")
    terminal.sendintr()

    assert finish(terminal)[0] == 130
    assert kept(alone) == {}


def test_another_key_is_kept_however_it_is_given(alone: Toro) -> None:
    (alone.home / "toro.toml").write_text('server_url = "http://x" # ours\n')

    assert alone("set-key", "tr_1").exit_code == 0
    assert kept(alone)["api_key"] == "tr_1"
    assert alone("set-key", "-", text="tr_2\n").exit_code == 0
    assert alone("set-key", text="tr_3\n").exit_code == 0
    assert (alone.home / "toro.toml").read_text() == 'server_url = "http://x" # ours\napi_key = "tr_3"\n'
    assert alone("set-key", "-").exit_code == 2
    assert alone("set-key", "a b").exit_code == 2
    terminal = typed(alone, "set-key")
    terminal.expect("API key: ")
    terminal.sendline("tr_4")
    assert "tr_4" not in finish(terminal)[1]
    assert kept(alone)["api_key"] == "tr_4"
