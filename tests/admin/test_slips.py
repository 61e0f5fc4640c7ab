import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tokenrouter.admin.slips import Handout, Paper, handouts_csv, slips_page, slips_policy

BASE_URL = "https://gateway.test/v1"
HOSTILE = "<script>alert(1)</script>\"'&"


def page(*handouts: Handout, paper: Paper = "a4") -> str:
    return slips_page(handouts, base_url=BASE_URL, model="acme/small", paper=paper)


def test_a_slip_has_what_its_owner_needs() -> None:
    made = page(Handout("Anna Bell", "tr_anna", team="7b", quota_tokens=100_000))

    for told in ("Anna Bell", "tr_anna", "7b", "100,000 tokens", BASE_URL, "acme/small"):
        assert told in made


def test_whatever_people_are_called_is_text() -> None:
    made = slips_page([Handout(HOSTILE, HOSTILE, HOSTILE, HOSTILE)], base_url=HOSTILE, model=HOSTILE)

    assert "<script" not in made
    assert re.findall(r"<(\w+)[^>]*on\w+=", made) == []
    assert "&lt;script&gt;" in made


def test_eight_slips_make_a_sheet() -> None:
    made = page(*(Handout(f"n{number}", "tr_x") for number in range(17)))

    assert [sheet.count("<article") for sheet in made.split('<div class="sheet">')[1:]] == [8, 8, 1]


def test_the_page_loads_nothing_and_its_policy_lets_its_own_style_in() -> None:
    made = page(Handout("Anna", "tr_anna"))

    assert not re.search(r"\b(?:src|href)=|url\(|@import", made)
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; .*", slips_policy("a4"))


def test_a_key_is_in_no_repr() -> None:
    assert "tr_anna" not in repr(Handout("Anna", "tr_anna"))


def test_the_table_is_read_back_and_no_name_is_a_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(handouts_csv([Handout('=1+1,"', "tr_x", "a@b.c", "7b", 5)], base_url="u"))))

    assert rows == [
        {"name": "'=1+1,\"", "email": "a@b.c", "team": "7b", "key": "tr_x", "base_url": "u", "quota_tokens": "5"}
    ]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="prints with Debian's chromium")
@pytest.mark.parametrize(("paper", "size"), [("a4", "594.95996 841.91998"), ("letter", "612 792")])
def test_printed_it_is_a_sheet_of_paper_for_eight_slips(tmp_path: Path, paper: Paper, size: str) -> None:
    long = Handout("W" * 100, "llmp-" + "0" * 64, team="x" * 100, quota_tokens=10**12)
    (tmp_path / "slips.html").write_text(page(*[long] * 9, paper=paper))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={tmp_path}/c"]
    command = ["chromium", *options, f"--print-to-pdf={tmp_path}/slips.pdf", f"file://{tmp_path}/slips.html"]

    subprocess.run(command, check=True, capture_output=True, timeout=60)

    printed = (tmp_path / "slips.pdf").read_bytes()
    assert re.findall(rb"/MediaBox \[0 0 ([\d. ]+)\]", printed) == [size.encode()] * 2
