"""The man pages, in the macros of man(7): one for each program, with all its commands, and one for the file."""

from collections.abc import Iterator

from tests.docs.reference.programs import Described, described
from tests.docs.reference.settings import GROUPS, rows
from tokenrouter import __version__

TITLES = {"torod": "the TokenRouter server", "toro": "the TokenRouter client"}
SEE = {
    "torod": ".BR toro (1),\n.BR torod.toml (5)",
    "toro": ".BR torod (1)",
    "torod.toml": ".BR torod (1)",
}


def program(name: str) -> Iterator[str]:
    """Yield the lines of a program's page."""
    first, *others = described(name)
    yield from _head(name, 1, TITLES[name])
    yield ".SH SYNOPSIS"
    yield f".B {_text(first.usage)}"
    yield ".SH DESCRIPTION"
    yield from _words(first)
    yield ".SH COMMANDS"
    for one in others:
        if one.is_group and not one.options:
            continue
        yield f".SS {_text(one.usage)}"
        yield from _words(one)
    yield from _foot(name)


def file() -> Iterator[str]:
    """Yield the lines of the page on torod.toml."""
    yield from _head("torod.toml", 5, "configuration of the TokenRouter server")
    yield ".SH DESCRIPTION"
    yield "The file is TOML. It is found by"
    yield ".BR \\-\\-config ,"
    yield "the variable TOKENROUTER_CONFIG, as torod.toml in TOKENROUTER_HOME, or in ~/.config/tokenrouter."
    yield "Tables such as [[providers]], [[incoming_tokens]] and [[limits]] are told in the documentation;"
    yield "these are the single settings."
    for group, title in GROUPS.items():
        yield f".SS {title}"
        for row in rows():
            if row.group == group:
                yield ".TP"
                yield f".B {_text(row.name)}"
                default = f" Default: {row.default}." if row.default else ""
                yield _text(f"{row.about}{default}")
    yield from _foot("torod.toml")


def _head(name: str, section: int, title: str) -> Iterator[str]:
    yield f'.TH "{name.upper()}" "{section}" "" "TokenRouter {__version__}" "TokenRouter"'
    yield ".SH NAME"
    yield f"{_text(name)} \\- {title}"


def _words(one: Described) -> Iterator[str]:
    for number, paragraph in enumerate(one.about):
        if number:
            yield ".PP"
        yield _text(paragraph)
    for written, about in one.options:
        yield ".TP"
        yield f".B {_text(written)}"
        yield _text(about or " ")


def _foot(name: str) -> Iterator[str]:
    yield ".SH SEE ALSO"
    yield SEE[name]


def _text(text: str) -> str:
    """Return text as roff takes it: its own signs escaped, and no line that looks like a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("`", "\\`")
    return f"\\&{escaped}" if escaped[:1] in ".'" else escaped
