"""Edits of TOML files: what was meant is said, and no other line changes."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.cli.wizard.edits import REMOVED, Edit, EditFailed, dotted, edited

FILE = """\
# The lab's gateway. Ask Ada before you change it.

listen_addr = "127.0.0.1:8080" # only this machine

# Who answers.
[[providers]]
name = "lab"   # the big one
models = [
  "a", # small
  "b",
]

# kept for later
[tls]
enabled = false
# domain = "ai.example.org"

[[providers]]
name = "far"
headers = { x-team = "physics" }

[unknown.table]
y = 1
# the end
"""


def test_a_value_is_changed_in_its_line_and_its_comment_stays() -> None:
    after = edited(FILE, [Edit(("listen_addr",), "0.0.0.0:80")])

    assert after == FILE.replace('"127.0.0.1:8080"', '"0.0.0.0:80"')


def test_new_keys_stand_behind_the_last_key_of_their_table() -> None:
    edits = [
        Edit(("public_url",), "https://x", "What clients use."),
        Edit(("tls", "mode"), "pem"),
        Edit(("providers", 1, "api_key"), "env:KEY"),
        Edit(("unknown", "z"), [1, 2]),
    ]

    after = edited(FILE, edits)

    added = [line for line in after.splitlines() if line not in FILE.splitlines()]
    assert added == [
        "# What clients use.",
        'public_url = "https://x"',
        'mode = "pem"',
        'api_key = "env:KEY"',
        "[unknown]",
        "z = [1, 2]",
    ]
    assert after.index("enabled = false\nmode") < after.index("# domain")
    assert [line for line in after.splitlines() if line and line not in added] == [
        line for line in FILE.splitlines() if line
    ]


def test_a_new_entry_and_a_new_table_stand_at_the_end() -> None:
    edits = [Edit(("providers", 2, "name"), "new", "One more."), Edit(("providers", 2, "timeouts", "connect_s"), 1.5)]

    after = edited(FILE, [*edits, Edit(("logs", "max_lines"), 9)])

    new = '\n# One more.\n[[providers]]\nname = "new"\ntimeouts.connect_s = 1.5\n\n[logs]\nmax_lines = 9\n'
    assert after == FILE + new


def test_keys_entries_and_tables_are_taken_away() -> None:
    edits = [Edit(("providers", 0), REMOVED), Edit(("unknown",), REMOVED), Edit(("listen_addr",), REMOVED)]

    after = edited(FILE, [*edits, Edit(("nothing", "there"), REMOVED)])

    assert tomllib.loads(after) == {
        "tls": {"enabled": False},
        "providers": [{"name": "far", "headers": {"x-team": "physics"}}],
    }
    assert all(comment in after for comment in ("# Who answers.", "# kept for later", "# the end"))


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("", Edit(("a",), 1, "One."), "# One.\na = 1\n"),
        ("# head", Edit(("a",), 1), "# head\n\na = 1\n"),
        ("# head\n\n[t]\nx = 1", Edit(("a",), 1), "# head\n\na = 1\n\n[t]\nx = 1"),
        ("# about t\n[t]\nx = 1", Edit(("a",), 1), "a = 1\n\n# about t\n[t]\nx = 1"),
        ("x = 1", Edit(("a",), "é"), 'x = 1\na = "é"\n'),
        ("x = 1\r\n[t]\r\ny = 1\r\n", Edit(("t", "z"), 2), "x = 1\r\n[t]\r\ny = 1\r\nz = 2\r\n"),
        ("tls.enabled = false", Edit(("tls", "mode"), "pem"), 'tls.enabled = false\ntls.mode = "pem"\n'),
        ("t = {a=1} # x\n", Edit(("t", "a"), 2), "t = {a=2} # x\n"),
        ("t = {a=1} # x\n", Edit(("t", "b"), 2), "t = {a=1,b = 2} # x\n"),
        ('p=[{name="a"}]\n', Edit(("p", 1, "name"), "b"), 'p=[{name="a"}, {name = "b"}]\n'),
        ("a = [\n 1,\n] # x\n", Edit(("a",), {"b": 1}), "a = {b = 1} # x\n"),
        ("[t]\n[t.u]\nx=1\n", Edit(("t", "k"), 1), "[t]\nk = 1\n[t.u]\nx=1\n"),
    ],
)
def test_every_way_to_write_toml_can_be_changed(text: str, edit: Edit, after: str) -> None:
    assert edited(text, [edit]) == after


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        ("a = ", Edit(("b",), 1), "not TOML"),
        ("a = 1\n", Edit(("a", "b"), 1), "a is no table"),
        ("a = 1\n", Edit(("a", 0, "b"), 1), "a is no array"),
        ("[a]\n", Edit(("a", 0, "b"), 1), "a is no array"),
    ],
)
def test_what_cannot_be_done_is_told(text: str, edit: Edit, why: str) -> None:
    with pytest.raises(EditFailed, match=why):
        edited(text, [edit])


def test_a_path_is_told_as_it_stands_in_messages() -> None:
    assert dotted(("providers", 0, "api_key")) == "providers[0].api_key"


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3),
)
PATHS = st.sampled_from(
    [
        ("listen_addr",),
        ("new key",),
        ("tls", "mode"),
        ("tls", "enabled"),
        ("fresh", "a"),
        ("unknown", "table", "y"),
        ("providers", 0, "models"),
        ("providers", 1, "headers", "x-team"),
        ("providers", 2, "name"),
        ("providers", 0, "timeouts", "connect_s"),
    ]
)


@given(st.lists(st.tuples(PATHS, VALUES), max_size=5))
def test_what_is_set_is_said_and_every_comment_stays(wanted: list[tuple[Any, Any]]) -> None:
    after = edited(FILE, [Edit(path, value) for path, value in wanted])

    values: Any = tomllib.loads(after)
    for path, value in dict(wanted).items():
        place = values
        for part in path:
            place = place[part]
        assert place == value
    assert all(line in after for line in FILE.splitlines() if line.startswith("#"))
