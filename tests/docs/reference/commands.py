"""docs/reference/commands.md: every command line."""

from collections.abc import Iterator

from tests.docs.reference.programs import PROGRAMS, Described, described


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Command lines"
    yield ""
    yield "Made by `make docs` from the programs themselves. With more words and examples: [cli.md](../cli.md). Every"
    yield "command takes `--help`; what it prints is what stands here. As man pages: [docs/man](../man)."
    for name in PROGRAMS:
        for one in described(name):
            yield from _section(one)


def _section(one: Described) -> Iterator[str]:
    yield ""
    yield f"{'##' if ' ' not in one.path else '###'} {one.path}"
    yield ""
    yield f"`{one.usage}`"
    for paragraph in one.about:
        yield ""
        yield _cell(paragraph)
    if one.options:
        yield ""
        yield "| option | |"
        yield "|---|---|"
        yield from (f"| `{written.replace('|', chr(92) + '|')}` | {_cell(about)} |" for written, about in one.options)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
