"""Helm itself, without a cluster: what it finds wrong with the chart, and what it makes of it.

The program is not to be had everywhere, but its library is, as a Python package (`make test-shipping` installs it into
a folder of its own). That can lint. What the templates become it tells by a template that is added to a copy of the
chart and calls `fail` with every other one's text: a linter logs such words and goes on.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.repo.files import ROOT

CHART: Final = ROOT / "deploy/helm/tokenrouter"
LIBRARY: Final = Path(sys.prefix) / "helm"
_LINT: Final = """
import asyncio, json, sys
from helm_sdkpy import Configuration, Lint
print(json.dumps(asyncio.run(Lint(Configuration()).run(sys.argv[1])), default=str))
"""
_TELL: Final = (
    "{{- range list %s }}"
    '{{ fail (printf "RENDERED %%s\\n%%s" . (include (print $.Template.BasePath "/" .) $)) }}{{ end }}\n'
)
_LOGGED: Final = re.compile(r'message=("(?:[^"\\]|\\.)*"|\S+)')


@dataclass(frozen=True, slots=True)
class Rendered:
    """What Helm made of the chart.

    Attributes:
        texts: by the template's path, what became of it.
        refused: the words with which templates have refused the values.
        problems: what the linter has found, worse than advice.
    """

    texts: dict[str, str]
    refused: list[str]
    problems: list[str]

    def objects(self) -> list[dict[str, Any]]:
        """Return every Kubernetes object, in the order of the templates."""
        files = [text for name, text in self.texts.items() if name.endswith(".yaml")]
        return [one for text in files for one in yaml.safe_load_all(text) if one]

    def one(self, kind: str) -> dict[str, Any]:
        """Return the object of this kind; there is one."""
        (found,) = [one for one in self.objects() if one["kind"] == kind]
        return found


def render(folder: Path, values: dict[str, Any] | None = None) -> Rendered:
    """Render a copy of the chart in `folder`, with these values on top of its own."""
    chart = folder / CHART.name
    shutil.copytree(CHART, chart)
    text = yaml.safe_load((chart / "values.yaml").read_text())
    (chart / "values.yaml").write_text(yaml.safe_dump(_merged(text, values or {})))
    names = sorted(path.relative_to(chart / "templates").as_posix() for path in (chart / "templates").rglob("*.*"))
    told = [name for name in names if not name.startswith("_")]
    (chart / "templates/zz-tell.yaml").write_text(_TELL % " ".join(json.dumps(name) for name in told))

    env = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    done = subprocess.run([sys.executable, "-c", _LINT, chart], env=env, capture_output=True, text=True, check=True)
    words = [json.loads(match[1]) if match[1].startswith('"') else match[1] for match in _LOGGED.finditer(done.stderr)]
    texts = {}
    for word in words:
        if word.startswith("RENDERED "):
            name, _, body = word.removeprefix("RENDERED ").partition("\n")
            texts[name] = body
    found = json.loads(done.stdout.splitlines()[-1])
    return Rendered(
        texts,
        sorted({word for word in words if not word.startswith("RENDERED ")}),
        [f"{one['Path']}: {one['Err']}" for one in found["Messages"] or [] if one["Severity"] > 1],
    )


def _merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with what `more` says, table by table, as Helm lays values on top of each other."""
    both = dict(base)
    for name, value in more.items():
        old = both.get(name)
        both[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both
