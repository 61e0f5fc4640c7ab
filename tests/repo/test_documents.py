"""What the documents promise exists, and what exists is in the documents."""

import dataclasses
import re
from collections.abc import Iterator

import click
import pytest

from tests.repo.files import ROOT, project_files
from tokenrouter.cli.toro import main as client
from tokenrouter.cli.torod import main
from tokenrouter.config.settings import (
    AlertSettings,
    EmailSetting,
    KeySetting,
    LogSettings,
    OtelSettings,
    Settings,
    WebhookSetting,
)
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Policy, Provider, Timeouts
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.decisions import WHY
from tokenrouter.providers.quota_questions import quota_questions

MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "DESIGN.md", "SECURITY.md")]
DOCUMENTS += [path for path in project_files(ROOT / "docs") if path.suffix == ".md"]

NOT_WRITTEN_BY_THAT_NAME = {
    "alerts": "[alerts]",
    "aliases": "[[aliases]]",
    "carried_use": "`quota`",
    "conduct": None,
    "facts": "[[models]]",
    "created_at_s": "created_at",
    "expires_at_s": "expires_at",
    "keys": "[[incoming_tokens]]",
    "kind": "provider_type",
    "limits": "[[limits]]",
    "notices": None,
    "origin": None,
    "origins": None,
    "paths": "TOKENROUTER_HOME",
    "policy": None,
    "prices": "[[prices]]",
    "providers": "[[providers]]",
    "proxies": "https_proxy",
    "public_url": "PUBLIC_API_URL",
    "quota_probes": "quota_probe",
    "registration": "REGISTRATION_ACCESS_CODES",
    "report_keys": "report_key",
    "sandbox": None,
    "secret": "api_key",
    "other_secrets": "api_keys",
    "local_check_s": "check_s",
    "local_ports": "[local_servers]",
    "public_base_urls": "OPENCODE_ZEN_BASE_URL",
    "teams": "[[teams]]",
    "timeouts": None,
    "users": "[[users]]",
}
"""Fields of `Settings` whose key in the file is another word; None for what nobody writes down."""


def error_classes(base: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    yield base
    for child in base.__subclasses__():
        yield from error_classes(child)


def commands(command: click.Command = main, path: tuple[str, ...] = ("torod",)) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield " ".join(path), command
    if not isinstance(command, click.Group):
        return
    for name, child in command.commands.items():
        yield from commands(child, (*path, name))


@pytest.mark.parametrize("error", sorted({*error_classes()}, key=str))
def test_every_error_is_in_the_table_with_its_status(error: type[GatewayError]) -> None:
    row = re.search(rf"^\| `{error.code}` \| ([^|]+) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)

    assert row is not None, f"docs/errors.md has no row for {error.code}"
    assert str(error.status) in row[1]


def test_the_table_has_no_error_that_is_gone() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| [^|]*\d", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))

    assert listed == {error.code for error in error_classes()}


def test_every_setting_is_in_the_documents() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    fields = {
        field.name
        for values in (
            Settings,
            KeySetting,
            Provider,
            Alias,
            Conduct,
            Target,
            Policy,
            Timeouts,
            AlertSettings,
            WebhookSetting,
            EmailSetting,
            LogSettings,
            OtelSettings,
        )
        for field in dataclasses.fields(values)
    }

    words = {NOT_WRITTEN_BY_THAT_NAME.get(name, name) for name in fields} - {None}

    assert not [word for word in words if word and word not in text]


def test_every_question_for_a_quota_is_in_the_documents() -> None:
    text = (ROOT / "docs/quota.md").read_text()

    for kind, question in quota_questions().items():
        assert f"| `{kind}` | `{question.name}` | `GET {question.path}` |" in text


def test_every_command_and_flag_is_in_the_documents() -> None:
    text = (ROOT / "docs/cli.md").read_text()

    missing = [
        wanted
        for path, command in (*commands(), *commands(client, ("toro",)))
        for wanted in [f"`{path}", *(option for parameter in command.params for option in parameter.opts[:1])]
        if wanted.startswith(("`", "--")) and wanted not in text
    ]

    assert not missing


def test_every_torod_command_in_the_documents_exists() -> None:
    known = {path for path, _ in (*commands(), *commands(client, ("toro",)))}
    named = {
        (path.name, match[1])
        for path in DOCUMENTS
        if path.parent.name != "reference"  # which is made from the commands, and names their groups too
        for match in re.finditer(r"(?:^|`|bin/)(torod?(?: [a-z][a-z-]+)+)", path.read_text(), re.MULTILINE)
    }

    wrong = [(file, line) for file, line in named if not any(f"{line} ".startswith(f"{path} ") for path in known)]

    assert not wrong


def test_every_reason_for_which_a_place_is_left_out_is_in_the_documents() -> None:
    text = (ROOT / "docs/explain.md").read_text()

    assert not [word for word, reason in WHY.items() if f"| `{word}` | {reason} |" not in text]


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    named = {
        word for path in DOCUMENTS for word in re.findall(r"(?:`|^)make ([a-z-]+)", path.read_text(), re.MULTILINE)
    }

    assert {"run", "test", "check"} <= named <= targets


def test_ci_runs_the_checks_and_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text()

    assert re.search(r"^make check$", script, re.MULTILINE)
    assert re.search(r"^make test$", script, re.MULTILINE)
    assert "make test" in (ROOT / "README.md").read_text().split("\n## ")[0]


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        (path.name, target)
        for path in DOCUMENTS
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / target).exists()
    ]

    assert not broken


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text()

    documents = [
        path for path in project_files(ROOT / "docs") if path.name != "index.md" and path.suffix not in (".png", ".py")
    ]
    assert not [path.name for path in documents if path.name not in index]
