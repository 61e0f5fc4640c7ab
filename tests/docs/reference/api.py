"""docs/reference/api.md: every path of the admin API and of inference, from docs/openapi.json."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from tests.repo.files import ROOT

METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
OPENAPI: Final = ROOT / "docs" / "openapi.json"


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    document = json.loads(OPENAPI.read_text())
    yield "# The API, path by path"
    yield ""
    yield "Made by `make docs` from [openapi.json](../openapi.json), which has every field. A running server"
    yield "shows it at `/docs`, to read and try. Lists, errors and concurrent changes: [api.md](../api.md)."
    operations = sorted(_operations(document))
    for tag, found in groupby(operations, key=lambda one: one[0]):
        yield ""
        yield f"## {tag}"
        yield ""
        yield "| | | |"
        yield "|---|---|---|"
        yield from (f"| `{method}` | `{path}` | {about} |" for _, path, method, about in found)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for path, methods in document["paths"].items():
        for method, one in ((name, one) for name, one in methods.items() if name in METHODS):
            about = (one.get("description") or one.get("summary") or "").split("\n\n")[0]
            yield (one.get("tags") or ["inference"])[0], path, method.upper(), _cell(about)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
