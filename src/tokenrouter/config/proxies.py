"""The proxy variables of the environment, checked before anything is started.

A proxy that cannot be used must not be passed by: requests would go straight to the provider from a
network whose owner did not want that. So it stops the start, with words.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tokenrouter.config.problems import Problem

_NAMES: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_REMEDY: Final = "name an http:// proxy, or unset the variable and let torod connect directly"


def read_proxies(environ: Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    """Return the proxy variables that are set, by lower-case names; what cannot be used goes to `problems`."""
    named = {name: _variable(environ, name) for name in _NAMES}
    found = {name: environ[variable] for name, variable in named.items() if variable}
    if "*" in [name.strip() for name in found.get("no_proxy", "").split(",")]:
        return found  # every host is asked directly, so no proxy is used
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        is_used = name != "all_proxy" or not {"http_proxy", "https_proxy"} <= found.keys()
        if name in found and is_used and (what := _what_is_wrong(found[name])):
            problems.append(Problem(f"${named[name]}", "", what, _REMEDY))
    return found


def _variable(environ: Mapping[str, str], name: str) -> str:
    """Return in which spelling the variable is set, or ""; lower case goes first, as with curl."""
    return next((spelling for spelling in (name, name.upper()) if environ.get(spelling)), "")


def _what_is_wrong(url: str) -> str:
    """Return what keeps this proxy from being used, or ""; never shows the user and password in it."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return "the proxy is no URL"
    if parts.scheme != "http":
        return f"the proxy's scheme {parts.scheme!r} cannot be used"
    if not (parts.hostname or "").strip():
        return "the proxy has no host"
    if any(char.isspace() or not char.isprintable() for char in url):
        return "the proxy's address holds a space or a line break"
    return "" if _has_usable_port(parts) else "the proxy's port cannot be used"


def _has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
