"""The workflows, as far as they can be checked where nobody runs them: what they may, name and call."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.repo.files import ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@(?:v\d+(?:\.\d+)*|[0-9a-f]{40}|release/v1)")
"""By the tag of a release or by commit; PyPI's own action names its branch of releases so."""


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for workflow, content in WORKFLOWS.items():
        for name, job in content["jobs"].items():
            yield f"{workflow}/{name}", job


def steps(word: str) -> list[tuple[str, str]]:
    """Return the values of every step's `run` or `uses`, each with its job."""
    return [(name, step[word]) for name, job in jobs() for step in job["steps"] if word in step]


def test_every_system_and_every_python_is_tried() -> None:
    ci = WORKFLOWS["ci"]["jobs"]

    assert {"linux", "macos", "windows", "shipping", "image"} <= set(ci)
    assert ci["linux"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {"dist", "packages", "onefile", "image", "chart", "pypi"} <= set(WORKFLOWS["release"]["jobs"])


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_may_only_read_unless_a_job_says_what_more(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(("name", "job"), list(jobs()), ids=[name for name, _ in jobs()])
def test_a_job_has_an_end_and_only_rights_that_it_uses(name: str, job: dict[str, Any]) -> None:
    uses = " ".join(step.get("uses", "") for step in job["steps"])
    rights = job.get("permissions", {})

    assert job["timeout-minutes"] <= 90
    assert ("id-token" in rights) == ("attest-build-provenance" in uses or "pypi-publish" in uses)
    assert ("attestations" in rights) == ("attest-build-provenance" in uses)
    assert ("packages" in rights) == ("login-action" in uses or "helm push" in str(job["steps"]))
    assert name.startswith("release/") or not rights


@pytest.mark.parametrize(("name", "action"), steps("uses"))
def test_an_action_is_one_of_a_release(name: str, action: str) -> None:
    assert PINNED.fullmatch(action), action


def test_a_checkout_leaves_no_credentials_behind() -> None:
    checkouts = [
        step for _, job in jobs() for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(("name", "script"), steps("run"))
def test_a_step_calls_targets_and_files_that_exist(name: str, script: str) -> None:
    for target in re.findall(r"(?:^|&& |sudo )make ([a-z][a-z-]*)", script, re.MULTILINE):
        assert target in TARGETS
    for path in re.findall(r"\b((?:deploy|tests|src)/[\w./-]+)", script):
        assert (ROOT / path).exists(), path


def test_a_script_takes_what_a_stranger_may_have_written_from_its_environment_only() -> None:
    inserted = {
        (name, match) for name, script in steps("run") for match in re.findall(r"\$\{\{ *([^}]*?) *\}\}", script)
    }

    assert inserted <= {("release/packages", "matrix.make")}


def test_there_is_no_secret_but_the_one_of_the_run() -> None:
    texts = "".join(path.read_text() for path in FOLDER.glob("*.yml"))

    assert set(re.findall(r"secrets\.(\w+)", texts)) == {"GITHUB_TOKEN"}
