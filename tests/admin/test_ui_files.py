from pathlib import Path

import pytest

from tests.admin.built_ui import SCRIPT, TEXT, build_ui
from tokenrouter.admin.ui_files import UiAsset, UiFiles, built_ui


@pytest.fixture
def ui(tmp_path: Path) -> UiFiles:
    (tmp_path / "secret.js").write_text("outside")
    made = build_ui(tmp_path / "ui")
    (tmp_path / "ui" / "assets" / "folder.js").mkdir()
    return made


def test_every_page_has_a_nonce_of_its_own(ui: UiFiles) -> None:
    first, second = ui.page(), ui.page()

    assert first is not None
    assert second is not None
    assert f'nonce="{first.nonce}"' in first.text
    assert "__CSP_NONCE__" not in first.text
    assert len({first.nonce, second.nonce}) == 2
    assert len(first.nonce) >= 22


@pytest.mark.parametrize(
    ("name", "links"),
    [
        ("", '<link rel="modulepreload" crossorigin href="/admin/assets/frame-1.js"></head>'),
        ("nothing-like-it", '<link rel="modulepreload" crossorigin href="/admin/assets/frame-1.js"></head>'),
        (
            "usage",
            '<link rel="modulepreload" crossorigin href="/admin/assets/frame-1.js">'
            '<link rel="modulepreload" crossorigin href="/admin/assets/usage-1.js">'
            '<link rel="stylesheet" crossorigin href="/admin/assets/usage-1.css"></head>',
        ),
    ],
)
def test_a_page_names_the_files_that_will_be_loaded(ui: UiFiles, name: str, links: str) -> None:
    page = ui.page(name)

    assert page is not None
    assert links in page.text


def test_a_build_that_names_no_files_is_a_page_without_their_names(ui: UiFiles, tmp_path: Path) -> None:
    (tmp_path / "ui" / "preloads.json").unlink()

    page = ui.page("usage")

    assert page is not None
    assert "modulepreload" not in page.text


def test_where_nothing_was_built_there_is_no_page(tmp_path: Path) -> None:
    empty = UiFiles(tmp_path)

    assert empty.page() is None
    assert empty.asset(SCRIPT) is None


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;q=0.5, br;q=0", "gzip"),
        ("br ; q=0.0, gzip;q=0.000", ""),
        ("brotli, gzipped", ""),
        ("*", ""),
    ],
)
def test_a_copy_is_sent_in_the_smallest_coding_that_the_client_takes(ui: UiFiles, accepted: str, coding: str) -> None:
    found = ui.asset(SCRIPT, accepted)

    assert found is not None
    assert found.coding == coding


def test_what_has_no_copy_is_sent_as_it_is(ui: UiFiles) -> None:
    assert ui.asset("small-1.css", "br, gzip") == UiAsset(b"body{}", "text/css; charset=utf-8")
    plain = ui.asset(SCRIPT)
    assert plain is not None
    assert (plain.body, plain.media_type) == (TEXT, "text/javascript; charset=utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.js",
        "..\\secret.js",
        "/etc/passwd.js",
        ".hidden.js",
        "folder.js",
        "folder.js/x.js",
        "nothing.js",
        f"{SCRIPT}.gz",
        f"{SCRIPT}\n.js",
        "a" * 300 + ".js",
        "\0.js",
        "index.html",
    ],
)
def test_no_other_name_leads_to_a_file(ui: UiFiles, name: str) -> None:
    assert ui.asset(name, "gzip") is None


def test_the_package_s_own_ui_can_be_asked_for_whether_it_was_built_or_not() -> None:
    assert built_ui().asset("nothing.js") is None
