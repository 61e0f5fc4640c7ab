"""What a change of the database's aliases may not do to them all, those of the file included; for API and command line.

What was wrong before (a provider is gone from the file) stops no change of something else.
"""

from collections.abc import Sequence

from tokenrouter.config.environment import SANDBOX
from tokenrouter.config.load import provider_names
from tokenrouter.config.settings import Settings
from tokenrouter.domain.alias_checks import AliasMistake, alias_mistakes
from tokenrouter.domain.alias_text import InvalidAlias
from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.limit_text import Mistake
from tokenrouter.jobs.catalog_builder import joined_aliases
from tokenrouter.store.aliases import Check
from tokenrouter.store.errors import AliasRefused


def alias_check(settings: Settings, changed: Alias | None) -> Check:
    """Return what looks at a change; `changed` is the alias that is made or changed, None when one is removed.

    What is returned raises InvalidAlias if that alias cannot be so, AliasRefused if others lead to the removed one.
    """

    def check(before: Sequence[Alias], after: Sequence[Alias]) -> None:
        known = _mistakes(settings, before)
        fresh = [mistake for mistake in _mistakes(settings, after) if mistake not in known]
        if fresh and changed is None:
            raise AliasRefused(f"{_subject(fresh[0].alias)} forbids it: {fresh[0].message}")
        if fresh and changed is not None:
            raise InvalidAlias(*(_mistake_of(changed, one) for one in fresh))

    return check


def _mistakes(settings: Settings, stored: Sequence[Alias]) -> list[AliasMistake]:
    names = (*provider_names(settings), SANDBOX)  # which the command line cannot see: the server was started with it
    return alias_mistakes(joined_aliases(settings.aliases, stored), names)


def _mistake_of(changed: Alias, found: AliasMistake) -> Mistake:
    """Tell a mistake as one of `changed`: a circle may have been found at another alias that is part of it."""
    if (found.alias.scope, found.alias.name) == (changed.scope, changed.name):
        return Mistake(found.field, found.message)
    return Mistake("targets", f"then {_subject(found.alias)} {found.message}")


def _subject(alias: Alias) -> str:
    return f"the alias {alias.name!r} of {alias.scope}"
