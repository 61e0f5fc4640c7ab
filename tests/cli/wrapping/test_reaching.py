"""A tool reaches the server past proxies."""

from pathlib import Path

import click
import pytest

from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.aider import Aider
from tokenrouter.cli.wrapping.reaching import Reaching, past_proxies, trusting


@pytest.mark.parametrize(
    ("environ", "excepted"),
    [
        ({}, None),
        ({"NO_PROXY": "a"}, None),
        ({"HTTPS_PROXY": "http://p"}, "host"),
        ({"http_proxy": "http://p", "NO_PROXY": "a, b"}, "a,b,host"),
        ({"ALL_PROXY": "http://p", "no_proxy": "host,b"}, "host,b"),
    ],
)
def test_the_server_is_excepted_from_proxies_where_there_are_some(
    environ: dict[str, str], excepted: str | None
) -> None:
    told = past_proxies("http://host:1/prefix", environ)

    assert told == ({} if excepted is None else {"NO_PROXY": excepted, "no_proxy": excepted})


def test_whom_the_user_trusts_already_is_trusted_still(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    ours.write_text("OURS")
    theirs.write_text("THEIRS")
    told = trusting(ours, {"NODE_EXTRA_CA_CERTS": str(theirs), "SSL_CERT_FILE": str(theirs)}, tmp_path)

    assert Path(told["NODE_EXTRA_CA_CERTS"]).read_text() == "OURS\nTHEIRS"
    assert Path(told["SSL_CERT_FILE"]).read_text() == "OURS\nTHEIRS"
    assert Path(told["CODEX_CA_CERTIFICATE"]).read_text() == "OURS"
    assert Path(told["REQUESTS_CA_BUNDLE"]).read_text().startswith("OURS")


def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    server = Server("https://host", "tr_parent", str(tmp_path / "nowhere.pem"))

    with pytest.raises(click.ClickException, match=r"nowhere\.pem: No such file"):
        Reaching(Aider(), {}).prepare(server, "tr_temporary", "m", [], tmp_path)


@pytest.mark.parametrize("ca_file", ["", "ours.pem"])
def test_a_tool_gets_both_and_nothing_that_it_does_not_need(tmp_path: Path, ca_file: str) -> None:
    (tmp_path / "ours.pem").write_text("OURS")
    server = Server("https://host", "tr_parent", str(tmp_path / ca_file) if ca_file else "")
    tool = Reaching(Aider(), {"HTTPS_PROXY": "http://p"})
    launch = tool.prepare(server, "tr_temporary", "m", [], tmp_path)

    assert tool.name == "aider"
    assert launch.set_env["NO_PROXY"] == "host"
    assert launch.set_env["OPENAI_API_KEY"] == "tr_temporary"
    assert ("SSL_CERT_FILE" in launch.set_env) is bool(ca_file)
