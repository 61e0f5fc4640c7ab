"""docs/not-executed.md lists what no test runs: all of it, and nothing else."""

from tests.docs.snippets import NOT_EXECUTED, reasons, snippets

RUN = {"toml", "json", "yaml", "sh", "bash", "python", "js", "ini", "caddyfile", "nginx"}
"""The languages whose snippets are run or read by the tests of this folder."""


def test_every_reason_is_for_a_snippet_that_there_is() -> None:
    there = {(one.file, one.first_line) for one in snippets(*{one.language for one in snippets(*RUN, "", "text")})}

    assert not [given for given in reasons() if given not in there], "docs/not-executed.md lists what is gone"


def test_a_reason_says_something() -> None:
    assert not [given for given, why in reasons().items() if len(why) < 15]


def test_every_snippet_says_its_language_if_it_is_to_be_run() -> None:
    known = {one.name for one in snippets(*RUN, "text")}
    given = {f"{file}\0{line}" for file, line in reasons()}
    others = [
        one.name
        for one in snippets("", "console", "diff", "html", "css", "sql", "powershell")
        if one.name not in known and f"{one.file}\0{one.first_line}" not in given
    ]

    assert not others, f"mark them with a language, `text` where nobody runs them, or list them in {NOT_EXECUTED.name}"
