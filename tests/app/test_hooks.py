"""Hooks of packages: the one of the documents, installed, and such as cannot be used."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest
import structlog

from tests.conftest import StartGateway
from tests.repo.files import ROOT
from tokenrouter.app.hooks import HookNotUsable, HookShelf, Unusable, load_hook
from tokenrouter.domain.guardrails import Guardrail, HookSetting
from tokenrouter.testing.processes import wait_until

DOCUMENT = ROOT / "docs" / "guardrails.md"


def install(folder: Path, files: dict[str, str], entry_points: dict[str, str]) -> Path:
    """Put a package where Python finds it, as an installer would: modules, and a folder that says what it offers."""
    for name, text in files.items():
        (folder / name).write_text(text)
    info = folder / "own_hooks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-hooks\nVersion: 1.0\n")
    lines = [f"{name} = {target}\n" for name, target in entry_points.items()]
    (info / "entry_points.txt").write_text("[tokenrouter.hooks]\n" + "".join(lines))
    return folder


HOOKS = """
from tokenrouter.hooks import Hook
made = []
def good(options):
    made.append(options)
    return Hook()
def wrong(options):
    raise ValueError("needs 'url'")
def other(options):
    return object()
"""


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = ("good", "wrong", "other")
    points = {name: f"own_hooks_of_a_test:{name}" for name in names} | {"gone": "no_module_of_this_name:x"}
    install(tmp_path, {"own_hooks_of_a_test.py": HOOKS}, points)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_hooks_of_a_test", raising=False)
    return tmp_path


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wrong", "needs 'url'"),
        ("other", "not a tokenrouter.hooks.Hook"),
        ("gone", "ModuleNotFoundError"),
        ("nobody", "no installed package"),
    ],
)
def test_a_hook_that_cannot_be_used_says_why(name: str, told: str) -> None:
    with pytest.raises(HookNotUsable, match=re.escape(told)):
        load_hook(name, {})


@pytest.mark.usefixtures("offered")
def test_what_did_not_change_is_not_made_again() -> None:
    shelf = HookShelf()
    guardrails = (Guardrail("a", "redact"), Guardrail("b", "block", words=("x",)))
    hooks = (HookSetting("good", options={"n": 1}), HookSetting("good", options={"n": 2}))

    first = shelf.rules(guardrails, hooks, is_start=True)
    changed = (guardrails[0], Guardrail("b", "block", words=("y",)))
    second = shelf.rules(changed, hooks)

    assert [rule.name for rule in first] == ["a", "b", "good", "good"]
    assert [one.hook is other.hook for one, other in zip(first, second, strict=True)] == [True, False, True, True]


def test_a_hook_that_cannot_be_made_stops_the_start_and_later_only_those_whom_it_is_for() -> None:
    setting = (HookSetting("nobody", scopes=("team:physics",)),)
    with pytest.raises(HookNotUsable):
        HookShelf().rules((), setting, is_start=True)
    with structlog.testing.capture_logs() as logged:
        (rule,) = HookShelf().rules((), setting)

    assert isinstance(rule.hook, Unusable)
    assert rule.scopes == ("team:physics",)
    assert logged[0]["hook"] == "nobody"


def examples(language: str) -> Sequence[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


def build(folder: Path) -> Path:
    """Build the package of the documents, and install it into a folder."""
    source, target = folder / "source", folder / "installed"
    source.mkdir()
    module = next(text for text in examples("python") if "class Glossary" in text)
    project = next(text for text in examples("toml") if "[project]" in text)
    (source / "glossary_hook.py").write_text(module)
    (source / "pyproject.toml").write_text(project)
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    subprocess.run([*argv, "--target", str(target), str(source)], check=True, timeout=100)
    return target


@pytest.mark.e2e
def test_the_package_of_the_documents_can_be_installed_and_does_what_they_say(
    gateway: StartGateway, sandbox_config: str, tmp_path: Path
) -> None:
    place = build(tmp_path)
    switched_on = next(text for text in examples("toml") if "[[hooks]]" in text)
    running = gateway(sandbox_config + switched_on.replace("team:physics", "global"), env={"PYTHONPATH": str(place)})

    def ask(text: str) -> httpx2.Response:
        body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": text}]}
        headers = {"authorization": f"Bearer {running.key}"}
        return httpx2.post(f"{running.base_url}/chat/completions", json=body, headers=headers)

    answer = ask("what is a WIMP?")
    assert answer.json()["choices"][0]["message"]["content"] == "what is a weakly interacting massive particle?"
    assert answer.headers["x-tokenrouter-guardrails"] == "glossary"
    refused = ask("tell me the exam")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "guardrail_refused")
    wait_until("what was charged", lambda: "glossary: charged" in running.log())


@pytest.mark.e2e
def test_a_hook_that_cannot_be_loaded_stops_the_start(
    gateway: StartGateway, sandbox_config: str, tmp_path: Path
) -> None:
    install(tmp_path, {"own_hooks_of_a_test.py": HOOKS}, {"wrong": "own_hooks_of_a_test:wrong"})
    with pytest.raises(AssertionError, match="needs 'url'"):
        gateway(sandbox_config + '[[hooks]]\nname = "wrong"\n', env={"PYTHONPATH": str(tmp_path)})
