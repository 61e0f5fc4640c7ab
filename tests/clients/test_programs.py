"""Claude Code, Codex, Gemini CLI and opencode, as they are installed, through the gateway to every kind of provider."""

import json
from pathlib import Path

import pytest

from tests.clients.conftest import SHY, Crossroads, StartPlace
from tests.clients.programs import PROGRAMS, SDKS_OF_OPENCODE, Program
from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.matrix.talks import PNG

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not all(program.is_installed() for program in PROGRAMS.values()),
        reason="`make test-clients` installs the programs (1.2 GB)",
    ),
]
each_program = pytest.mark.parametrize("name", PROGRAMS)
each_provider = pytest.mark.parametrize("provider", PROVIDERS)

BOOKS_NAMES = {"chat": "chat/completions", "responses": "responses", "messages": "anthropic", "gemini": "gemini"}
"""What the sandbox's books call a dialect."""
COMMAND = "printf %s-%s made here | tee {}"
"""Its output is in no prompt: who sees it has it from the tool."""
PATCH = "*** Begin Patch\n*** Add File: patched.txt\n+from a patch\n*** End Patch"
SCRIPT = 'await tools.exec_command({cmd: "printf %s-%s made here > ran.txt"}); text("finished-" + "it");'
PICTURE_TOKENS = 250
"""Less than any of the sandbox's models says for a picture, and more than a call and a line of text cost."""
BEARABLE = 30
"""Requests that a program may make when a stream keeps breaking. Codex makes five times five; opencode without an error
that it understands made 300."""


def check_tool_run(
    crossroads: Crossroads, place: StartPlace, program: Program, model: str, commands: list[str]
) -> Path:
    """Have `program` run shell commands, and check what must be true of it; returns its working folder."""
    here = place(model)
    before = len(crossroads.asked())
    ran = program.run(here, " and ".join(program.shell_call(command) for command in commands))
    asked = crossroads.asked()[before:]

    assert ran.code == 0, ran.told
    assert ran.out.count("made-here") == len(commands), ran.told
    assert {line["dialect"] for line in asked} == {BOOKS_NAMES[model.partition("/")[0]]}
    assert 2 <= len(asked) <= 3, "a title may cost one more"
    return here.work


@each_provider
@each_program
def test_a_tool_is_run_and_its_result_answered(
    crossroads: Crossroads, place: StartPlace, name: str, provider: str
) -> None:
    work = check_tool_run(crossroads, place, PROGRAMS[name], f"{provider}/echo", [COMMAND.format("ran.txt")])

    assert (work / "ran.txt").read_text() == "made-here"


@each_provider
@each_program
def test_two_tools_are_run_at_once_between_thoughts(
    crossroads: Crossroads, place: StartPlace, name: str, provider: str
) -> None:
    """The sandbox refuses the second request if a signature of the first answer is lost or changed."""
    commands = [COMMAND.format("one.txt"), COMMAND.format("two.txt")]
    work = check_tool_run(crossroads, place, PROGRAMS[name], f"{provider}/thinker-open", commands)

    assert [(work / file).read_text() for file in ("one.txt", "two.txt")] == ["made-here"] * 2


@each_provider
@pytest.mark.parametrize("name", [name for name, program in PROGRAMS.items() if program.picture_call])
def test_a_picture_that_a_tool_returns_is_seen_by_the_model(
    crossroads: Crossroads, place: StartPlace, name: str, provider: str
) -> None:
    program, here = PROGRAMS[name], place(f"{provider}/thinker-open")
    here.work.mkdir(parents=True)
    (here.work / "dot.png").write_bytes(PNG)
    assert program.picture_call
    before = len(crossroads.billed())
    ran = program.run(here, program.picture_call(str(here.work / "dot.png")))
    first, second = crossroads.billed()[before:][:2]

    assert ran.code == 0, ran.told
    assert second["prompt_tokens"] - first["prompt_tokens"] > PICTURE_TOKENS  # type: ignore[operator]


@pytest.mark.parametrize(
    ("dialect", "provider"),
    [
        ("responses", "gemini"),
        ("responses", "messages"),
        ("messages", "chat"),
        ("messages", "gemini"),
        ("gemini", "messages"),
        ("gemini", "responses"),
    ],
)
def test_opencode_speaks_every_dialect(crossroads: Crossroads, place: StartPlace, dialect: str, provider: str) -> None:
    program = SDKS_OF_OPENCODE[dialect]
    check_tool_run(crossroads, place, program, f"{provider}/thinker-open", [COMMAND.format("ran.txt")])


@each_provider
def test_claude_code_finds_a_tool_that_it_had_put_off(place: StartPlace, provider: str) -> None:
    """Its answer to the search is a reference, which only one kind of provider understands."""
    ran = PROGRAMS["claude-code"].run(
        place(f"{provider}/thinker-open"), 'use tool ToolSearch with {"query": "select:WebSearch", "max_results": 3}'
    )

    assert ran.code == 0, ran.told
    assert "WebSearch" in ran.out
    assert "use tool" not in ran.out


@each_provider
def test_claude_code_counts_its_context(place: StartPlace, provider: str) -> None:
    ran = PROGRAMS["claude-code"].run(place(f"{provider}/echo"), "/context")

    assert ran.code == 0, ran.told
    assert "Context Usage" in ran.out


def test_codex_applies_a_patch_of_a_model_that_has_no_free_form_tools(place: StartPlace) -> None:
    """To a model it knows Codex offers `apply_patch` as free text, which is a function at this provider."""
    here = place("gpt-5.5")
    ran = PROGRAMS["codex"].run(here, f"use tool apply_patch with {json.dumps({'input': PATCH})}")

    assert ran.code == 0, ran.told
    assert (here.work / "patched.txt").read_text() == "from a patch\n"


@pytest.mark.parametrize(
    ("model", "prompt"),
    [
        ("gpt-6.1-sol", f"use tool functions__exec with {json.dumps({'input': SCRIPT})}"),
        ("gpt-6-luna", f"use tool exec\n```\n{SCRIPT}\n```"),
    ],
)
def test_codex_runs_scripts_of_tools_that_stand_in_a_namespace(place: StartPlace, model: str, prompt: str) -> None:
    """To its newest models Codex brings tools as an item of the input; one of these two gets it translated."""
    here = place(model)
    ran = PROGRAMS["codex"].run(here, prompt)

    assert ran.code == 0, ran.told
    assert "finished-it" in ran.out
    assert (here.work / "ran.txt").read_text() == "made-here"


@each_program
def test_an_unknown_model_is_told_and_not_asked_for_again_and_again(
    crossroads: Crossroads, place: StartPlace, name: str
) -> None:
    before = len(crossroads.asked())
    ran = PROGRAMS[name].run(place(f"{SHY[name]}/no-such-model"), "hello")

    assert ran.code not in (0, None), ran.told
    assert "no-such-model" in ran.told
    assert len(crossroads.asked()) - before <= 2


@each_program
def test_a_revoked_key_is_told_and_reaches_no_provider(
    crossroads: Crossroads, place: StartPlace, revoked_key: str, name: str
) -> None:
    before = len(crossroads.asked())
    ran = PROGRAMS[name].run(place("chat/echo", revoked_key), "hello")

    assert ran.code not in (0, None), ran.told
    assert "API key" in ran.told
    assert len(crossroads.asked()) == before


@each_program
def test_a_provider_that_asks_for_patience_is_asked_again(crossroads: Crossroads, place: StartPlace, name: str) -> None:
    before = len(crossroads.asked())
    ran = PROGRAMS[name].run(place(f"shy-{name}/fault/429-once"), "hello")

    assert ran.code == 0, ran.told
    assert "Lorem ipsum" in ran.out
    assert 2 <= len(crossroads.asked()) - before <= 4


@pytest.mark.parametrize("fault", ["cut", "clean-cut", "error-midstream"])
@each_program
def test_a_stream_that_breaks_is_not_asked_for_without_end(
    crossroads: Crossroads, place: StartPlace, name: str, fault: str
) -> None:
    before = len(crossroads.asked())
    ran = PROGRAMS[name].run(place(f"messages/fault/{fault}@3"), "hello", timeout_s=25)

    assert 1 <= len(crossroads.asked()) - before <= BEARABLE, ran.told
