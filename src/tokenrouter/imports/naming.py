"""Names that can be ours: of keys, teams, users and providers that were called otherwise, or all the same.

A name is changed only where it must be, and the same source gives the same names whenever it is read, or a second run
would find everything to be new.
"""

import re
from typing import Final

from tokenrouter.config.providers import PROVIDER_NAME
from tokenrouter.imports.found import LeftBehind
from tokenrouter.store.errors import InvalidField
from tokenrouter.store.names import MAX_NAME_CHARS, check_name

_FORBIDDEN: Final = re.compile(r"[*:\x00-\x1f\x7f]+")
_NOT_IN_PROVIDERS: Final = re.compile(r"[^a-z0-9._-]+")
MAX_PROVIDER_CHARS: Final = 60


class Naming:
    """Gives out names of one kind, each once. `renamed` says which are not what they were."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._taken: set[str] = set()
        self.renamed: list[LeftBehind] = []

    def name(self, wanted: str, otherwise: str) -> str:
        """Return `wanted` as it may be called here; `otherwise` is for where nothing is left of it or it is taken.

        `otherwise` must tell it from all others of the source, as `#17`.
        """
        usable = _FORBIDDEN.sub("-", wanted).strip()[:MAX_NAME_CHARS].strip()
        name = usable if usable and usable not in self._taken else f"{usable[:60]} {otherwise}".strip()
        check_usable(name)
        self._taken.add(name)
        if wanted and name != wanted:
            self.renamed.append(LeftBehind(f"the name {wanted[:MAX_NAME_CHARS]!r}", f"{self._what} is {name!r} here"))
        return name


class ProviderNaming:
    """Gives out names of providers, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, wanted: str, otherwise: str) -> str:
        """Return a name that may be a prefix of models; `otherwise` tells it from all others, as `17`."""
        usable = _NOT_IN_PROVIDERS.sub("-", wanted.lower())[:MAX_PROVIDER_CHARS].strip("-._") or "provider"
        name = usable if usable not in self._taken else f"{usable}-{otherwise}"
        while name in self._taken or PROVIDER_NAME.fullmatch(name) is None:
            name = f"{name}-x"
        self._taken.add(name)
        return name


def check_usable(name: str) -> None:
    """Refuse what no key, team or user can be called.

    Raises:
        ValueError: a mistake of a reader.
    """
    try:
        check_name(name)
    except InvalidField as error:
        raise ValueError(str(error)) from error
