"""The admin UI says in words what the server says in codes; none may be missing."""

import re

from tests.repo.files import ROOT
from tokenrouter.gateway.decisions import WHY

TEXTS = ROOT / "ui" / "src" / "texts" / "en"


def test_every_error_has_its_words_in_the_ui() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \| (?!default)", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))

    told = set(re.findall(r"^  ([a-z_]+): \{", (TEXTS / "errors.ts").read_text(), re.MULTILINE))

    assert told == documented


def test_every_reason_why_a_place_is_left_out_has_its_words_in_the_ui() -> None:
    (why,) = re.findall(r"^  why: \{\n(.+?)^  \}", (TEXTS / "story.ts").read_text(), re.MULTILINE | re.DOTALL)

    assert set(re.findall(r"^    ([a-z_]+): \"", why, re.MULTILINE)) == set(WHY)
