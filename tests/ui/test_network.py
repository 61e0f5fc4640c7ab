"""The page "Network": the listener moves and the page with it, and comes back where it is not reached; certificates."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
import trustme
from playwright.sync_api import Browser, Page, expect

from tests.pebble import Pebble
from tests.ui.browser import Complaints, assert_accessible, open_context, settle
from tests.ui.conftest import Visit
from tests.ui.hands import copied
from tests.ui.serving import UiServer, served
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, free_port, make_home, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: network")]

NETWORK = "/api/v1/network"
REFUSED_BY_PURPOSE = "network/probe|ERR_FAILED|ERR_CERT"


@pytest.fixture(scope="module")
def ui_config(ui_config: str) -> str:
    """HTTPS with a certificate that the gateway vouches for itself, beside plain HTTP, by which the tests come."""
    return f'[tls]\nenabled = true\nmode = "self_signed"\nlisten_addr = "127.0.0.1:{free_port()}"\n{ui_config}'


class Open(Protocol):
    """Starts a gateway with such a certificate, and shows the page to its owner."""

    def __call__(self, tls: str, port: int = 0) -> tuple[UiServer, Page]: ...


@pytest.fixture
def opened(browser: Browser, tmp_path: Path, sandbox_config: str) -> Iterator[Open]:
    with ExitStack() as running:
        windows = []

        def start(tls: str, port: int = 0) -> tuple[UiServer, Page]:
            config = f'[tls]\nenabled = true\nlisten_addr = "127.0.0.1:{port or free_port()}"\n{tls}\n{sandbox_config}'
            gateway = running.enter_context(GatewayProcess(make_home(tmp_path), config))
            server = running.enter_context(served(gateway))
            window = running.enter_context(open_context(browser, server.origin, cookie=server.cookie("owner")))
            windows.append(Complaints(window))
            page = window.new_page()
            page.goto("/admin/network")
            settle(page)
            return server, page

        yield start
        assert not [one for heard in windows for one in heard.unexpected]


def shown(server: UiServer) -> Any:
    return server.gateway.call("GET", NETWORK).json()


def move(page: Page, port: int, listener: str = "listen_addr") -> None:
    """Fill in the form."""
    settle(page)
    page.get_by_label("Listener", exact=True).select_option(listener)
    page.get_by_label("New address").select_option("127.0.0.1")
    page.get_by_label("Port").fill(str(port))
    page.get_by_role("button", name="Move it").click()


@pytest.fixture(autouse=True)
def _as_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever becomes of a test, the next one finds the gateway where it was."""
    yield
    if "server" not in request.fixturenames:
        return
    gateway: GatewayProcess = request.getfixturevalue("server").gateway
    told = gateway.call("GET", NETWORK).json()
    if told["pending"]:
        word = {"switch_id": told["pending"]["switch_id"], "probe_ok": False}
        gateway.call("POST", f"{NETWORK}/confirm", json_body=word)
    if told["moved"]:
        gateway.call("DELETE", f"{NETWORK}/override")
        gateway.address = gateway.argv[gateway.argv.index("--listen-addr") + 1]


def test_the_listener_moves_the_page_follows_and_one_button_leads_back(visit: Visit, server: UiServer) -> None:
    old, new = server.gateway.address, free_port()
    page = visit("/network")

    move(page, new)

    page.wait_for_url(f"http://127.0.0.1:{new}/admin/network?ended=kept")
    server.gateway.address = f"127.0.0.1:{new}"
    expect(page.get_by_role("status").filter(has_text="It has moved")).to_contain_text(f"127.0.0.1:{new}")
    expect(page.get_by_text(f"listen_addr is {old} in")).to_be_visible()
    assert_accessible(page)
    assert [one["declared"] for one in shown(server)["moved"]] == [old]

    page.get_by_role("button", name=f"Back to {old}").click()

    page.wait_for_url(f"http://{old}/admin/network?ended=kept")
    expect(page.get_by_text("Moved while it ran")).to_be_hidden()
    server.gateway.address = old
    assert shown(server)["moved"] == []


def test_an_address_that_the_page_does_not_reach_can_be_given_up(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    page = visit("/network")
    complaints[-1].expect(REFUSED_BY_PURPOSE)
    page.route("**/network/probe", lambda route: route.abort())
    move(page, free_port())
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^(60|[1-5]?\d) s left"))
    assert_accessible(page)
    assert shown(server)["pending"] is not None

    page.get_by_role("button", name="Give it up").click()

    expect(page.get_by_role("status").filter(has_text="All is as before")).to_contain_text("was given up")
    assert (shown(server)["pending"], shown(server)["moved"]) == (None, [])
    page.get_by_role("button", name="Dismiss").click()
    expect(page).to_have_url(re.compile("/admin/network$"))


def test_a_move_that_came_back_by_itself_is_told_of_in_words(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    page, new = visit("/network"), free_port()
    complaints[-1].expect(REFUSED_BY_PURPOSE)
    page.route("**/network/probe", lambda route: route.abort())
    move(page, new)
    expect(page.get_by_role("timer")).to_be_visible()

    # As it is when the minute is over, which tests/app/test_listener_road.py has.
    word = {"switch_id": shown(server)["pending"]["switch_id"], "probe_ok": False}
    server.gateway.call("POST", f"{NETWORK}/confirm", json_body=word)

    told = page.get_by_role("status").filter(has_text="All is as before")
    expect(told).to_contain_text(f"http://127.0.0.1:{new} was not reached from this browser")
    page.reload()
    expect(page.get_by_role("status").filter(has_text="That move has ended")).to_be_visible()


def test_another_admin_sees_the_move_and_does_not_decide_it(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    new = free_port()
    switch = server.gateway.call("PUT", NETWORK, json_body={"listen_addr": f"127.0.0.1:{new}"}).json()
    page = visit("/network", "owner")

    expect(page.get_by_text("Somebody moves the listener")).to_be_visible()
    expect(page.get_by_role("button", name="Move it")).to_be_disabled()
    expect(page.get_by_role("timer")).to_be_visible()
    word = {"switch_id": switch["switch_id"], "probe_ok": False}
    assert server.gateway.call("POST", f"{NETWORK}/confirm", json_body=word).status == 200
    expect(page.get_by_text("Somebody moves the listener")).to_be_hidden()


def test_where_a_page_may_not_look_whoever_sits_before_it_says_what_they_see(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    new = free_port()
    page = visit("/network")
    complaints[-1].expect(REFUSED_BY_PURPOSE)
    move(page, new, "tls.listen_addr")  # nobody has told this browser to trust its certificate

    link = page.get_by_role("link", name="Open the new address")
    expect(link).to_have_attribute("href", re.compile(rf"^https://127\.0\.0\.1:{new}/admin/network\?move=\w+$"))
    page.get_by_role("button", name="It is reached: keep it").click()

    page.wait_for_url(f"{server.origin}/admin/network?ended=kept")
    expect(page.get_by_role("status").filter(has_text="It has moved")).to_contain_text(f"127.0.0.1:{new}")


def test_what_is_typed_is_looked_at_and_said_in_words_before_it_is_done(visit: Visit, server: UiServer) -> None:
    page = visit("/network")
    settle(page)
    page.get_by_label("Listener", exact=True).select_option("listen_addr")
    expect(page.get_by_role("button", name="Move it")).to_be_disabled()

    page.get_by_label("New address").select_option("0.0.0.0")
    expect(page.get_by_text("It is plain HTTP")).to_be_visible()
    page.get_by_label("New address").select_option("")
    page.get_by_label("Address", exact=True).fill("http://here")
    page.get_by_label("Port").fill("70000")
    page.get_by_role("button", name="Move it").click()

    expect(page.get_by_text("Write an IP address")).to_be_visible()
    expect(page.get_by_text("A port is a number")).to_be_visible()
    assert shown(server)["pending"] is None


def test_an_address_that_is_taken_is_said_by_the_server(
    visit: Visit, server: UiServer, complaints: list[Complaints], sandbox: SandboxProcess
) -> None:
    page = visit("/network")
    complaints[-1].expect("409: PUT .*/api/v1/network")

    move(page, int(sandbox.base_url.rpartition(":")[2].partition("/")[0]))

    expect(page.get_by_role("alert").filter(has_text="It stays where it is")).to_be_visible()


def test_the_gateways_own_certificate_is_shown_and_how_to_trust_it(visit: Visit, server: UiServer) -> None:
    page = visit("/network")
    settle(page)
    card = page.get_by_role("region", name="Certificate")
    told = shown(server)["https"]

    expect(card).to_contain_text("this gateway itself (self-signed)")
    expect(card).to_contain_text("localhost")
    expect(card.get_by_text("valid", exact=True)).to_be_visible()
    assert copied(page, card.get_by_role("button", name="Copy: the fingerprint")) == told["fingerprint"]
    line = copied(page, card.get_by_role("button", name="Copy: the line for Python and most others"))
    assert line == f"export SSL_CERT_FILE={told['trust_file']}"
    assert Path(told["trust_file"]).is_file()
    assert_accessible(page)


def test_a_certificate_about_to_end_is_marked_and_a_wrong_one_told_of(opened: Open, tmp_path: Path) -> None:
    until = datetime.now(UTC) + timedelta(days=3)
    issued = trustme.CA().issue_cert("ai.example", not_after=until)
    chain, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    files = f'mode = "pem"\ncert_file = "{chain}"\nkey_file = "{key}"'
    server, page = opened(files)
    card = page.get_by_role("region", name="Certificate")
    expect(card).to_contain_text("files of yours (PEM)")
    expect(card).to_contain_text("ai.example")
    expect(card).to_contain_text(str(chain))
    expect(card.get_by_text("ends soon", exact=True)).to_be_visible()

    key.write_bytes(trustme.CA().issue_cert("ai.example").private_key_pem.bytes())

    expect(card.get_by_role("alert").filter(has_text="A newer one is not served")).to_contain_text(
        "the key is not the certificate's"
    )
    expect(card).to_contain_text("ai.example")
    assert_accessible(page)
    assert server.gateway.call("GET", NETWORK).json()["https"]["problem"]


@pytest.mark.torture
def test_an_authority_is_tried_and_asked_again_by_a_button(opened: Open, tmp_path: Path, needs_pebble: None) -> None:
    http_port, tls_port = free_port(), free_port()
    with Pebble(tmp_path, http_port=http_port, tls_port=tls_port, lifetime_s=90 * 86_400) as authority:
        asked = f"""mode = "letsencrypt"
domains = ["gateway.example"]
email = "admin@gateway.example"
challenge = "http-01"
redirect_addr = "127.0.0.1:{http_port}"
acme_directory_url = "{authority.directory_url}"
acme_ca_file = "{authority.ca_file}"
acme_accept_terms = true"""
        server, page = opened(asked, tls_port)
        card = page.get_by_role("region", name="Certificate")
        wait_until("a certificate", lambda: shown(server)["https"]["mode"] == "letsencrypt")
        before = shown(server)["https"]["fingerprint"]
        expect(card).to_contain_text("Let's Encrypt (ACME)")

        card.get_by_role("button", name="Try it (staging)").click()
        expect(card.get_by_role("status")).to_contain_text("has given a certificate for gateway.example")
        assert shown(server)["https"]["fingerprint"] == before
        card.get_by_role("button", name="Renew now").click()
        expect(card.get_by_role("status")).to_contain_text("There is a new certificate")

        wait_until("another certificate", lambda: shown(server)["https"]["fingerprint"] != before)
        expect(card).to_contain_text(shown(server)["https"]["fingerprint"])
        assert_accessible(page)
