"""docs/reference/errors.md: every error, with the facts of its class."""

from collections.abc import Iterator
from typing import Final

from tokenrouter.domain.errors import ClientError, GatewayError, ProviderError, ServerError

FAULTS: Final = {
    ClientError: "The caller can mend it",
    ProviderError: "The provider failed us",
    ServerError: "We failed",
}


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Errors"
    yield ""
    yield "Made by `make docs` from the error classes. What to do about each: [errors.md](../errors.md)."
    yield "Their shape is that of the dialect in which the request came."
    for base, title in FAULTS.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield "| code | status | may another try help | |"
        yield "|---|---|---|---|"
        for one in sorted({*_below(base)}, key=lambda one: (one.status, one.code, one.__name__)):
            yield f"| `{one.code}` | {one.status} | {'yes' if one.retryable else 'no'} | {_about(one)} |"


def _below(base: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for child in base.__subclasses__():
        yield child
        yield from _below(child)


def _about(error: type[GatewayError]) -> str:
    return " ".join((error.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
