import shlex
import stat
from pathlib import Path

from tokenrouter.app import banner

ADDRESS = "http://127.0.0.1:8080"


def test_the_curl_line_is_one_shell_command() -> None:
    words = shlex.split(banner.curl_line(ADDRESS, "tr_key", "sandbox/echo"))

    assert words[:2] == ["curl", f"{ADDRESS}/v1/chat/completions"]
    assert "Authorization: Bearer tr_key" in words


def test_the_curl_line_trusts_a_certificate_of_our_own() -> None:
    words = shlex.split(banner.curl_line(ADDRESS, "tr_key", "sandbox/echo", "/srv/my state/self_signed.crt"))

    assert words[1:3] == ["--cacert", "/srv/my state/self_signed.crt"]


def test_a_terminal_is_shown_key_and_link() -> None:
    text = "\n".join(banner.first_start_lines(ADDRESS, "/admin/setup?token=x", "tr_key", "sandbox/echo"))

    assert f"{ADDRESS}/admin/setup?token=x" in text
    assert "tr_key" in text


def test_without_a_terminal_nothing_secret_is_printed_and_the_file_is_private(tmp_path: Path) -> None:
    text = "\n".join(banner.first_start_file(tmp_path, ADDRESS, "/admin/setup?token=x", "tr_key", "sandbox/echo"))

    file = tmp_path / banner.FIRST_START_FILE
    assert "tr_key" not in text
    assert "token=x" not in text
    assert str(file) in text
    assert file.read_text() == f"key: tr_key\nsetup: {ADDRESS}/admin/setup?token=x\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_model_there_is_nothing_to_try(tmp_path: Path) -> None:
    assert not any("curl" in line for line in banner.first_start_lines(ADDRESS, "/x", "tr_key", ""))
    assert not any("curl" in line for line in banner.first_start_file(tmp_path, ADDRESS, "/x", "tr_key", ""))


def test_the_address_comes_first_and_notes_below_it() -> None:
    assert banner.address_lines(ADDRESS, [], ["provider acme"]) == [
        f"TokenRouter is listening on {ADDRESS}",
        "  provider acme",
    ]
