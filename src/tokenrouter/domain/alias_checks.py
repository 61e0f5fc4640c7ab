"""What can be wrong with aliases beside each other: duplicates, names that lead nowhere, circles (pure).

The same for file, API and command line. What an alias knows does not depend on who asks, so all of it is seen here,
before anybody asks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tokenrouter.domain.aliases import MAX_CHAIN, WILD, Alias, AliasTable, scopes_known_in


@dataclass(frozen=True, slots=True)
class AliasMistake:
    """What is wrong with one alias beside the others."""

    alias: Alias
    field: str
    message: str


def alias_mistakes(aliases: Sequence[Alias], providers: Sequence[str]) -> list[AliasMistake]:
    """Return what is wrong with `aliases`, which are all there are: duplicates, names that lead nowhere, circles."""
    table = AliasTable(aliases)
    found = [*_duplicates(aliases)]
    for alias in aliases:
        prefix = alias.name.partition("/")[0]
        if prefix != alias.name and prefix in providers:
            words = f"{alias.name!r} begins with the name of the provider {prefix!r}, whose own models are called so"
            found.append(AliasMistake(alias, "name", words))
        found.extend(_dangling(alias, table, providers))
    return [*found, *(list(_circles(table)) or _too_long(table))]


def _duplicates(aliases: Iterable[Alias]) -> Iterator[AliasMistake]:
    seen: dict[tuple[str, str], Alias] = {}
    for alias in aliases:
        first = seen.setdefault((alias.scope, alias.name), alias)
        if first is not alias:
            where = f" ({first.origin})" if first.origin else ""
            yield AliasMistake(alias, "name", f"there is an alias {alias.name!r} of {alias.scope} already{where}")


def _dangling(alias: Alias, table: AliasTable, providers: Sequence[str]) -> Iterator[AliasMistake]:
    for said_in, name in alias.references():
        if said_in == "light_model" or table.referred(alias, name) is not None:
            continue  # a light model may be any of the target's provider
        prefix, slash, model = name.partition("/")
        if slash and model and prefix in providers:
            continue
        yield AliasMistake(alias, said_in, f"{name!r} is neither {_nearest(alias, name, table, providers)}")


def _nearest(alias: Alias, name: str, table: AliasTable, providers: Sequence[str]) -> str:
    _, slash, model = name.partition("/")
    known = [one.name for one in table if one.scope in scopes_known_in(alias.scope) and one is not alias]
    if slash:
        known = [*known, *(f"{provider}/{model}" for provider in providers)]
    near = get_close_matches(name, [one for one in known if WILD not in one or WILD in name], n=1, cutoff=0.6)
    hint = f'did you mean "{near[0]}"?' if near else f"providers are {', '.join(providers) or 'none'}"
    return f"an alias that {alias.scope} knows nor PROVIDER/MODEL of a provider; {hint}"


def _circles(table: AliasTable) -> Iterator[AliasMistake]:
    """Yield each circle, at the alias that closes it. No recursion: a chain may be as long as there are aliases."""
    done: set[tuple[str, str]] = set()
    for first in table:
        walk = [] if (first.scope, first.name) in done else [(first, first.references())]
        while walk:
            alias, rest = walk[-1]
            done.add((alias.scope, alias.name))
            said_in, name = next(rest, ("", ""))
            if not said_in:
                walk.pop()
                continue
            onward = table.referred(alias, name)
            path = [one for one, _ in walk]
            if onward in path:
                circle = " → ".join(one.name for one in (*path[path.index(onward) :], onward))
                yield AliasMistake(alias, said_in, f"leads in a circle: {circle}")
            elif onward is not None and (onward.scope, onward.name) not in done:
                walk.append((onward, onward.references()))


def _too_long(table: AliasTable) -> Iterator[AliasMistake]:
    """Yield the aliases from which the way is too long; there are no circles."""
    for first in table:
        ends = [first]
        for _ in range(MAX_CHAIN):
            onward = {(one.scope, one.name): one for alias in ends for one in _onward(alias, table)}
            ends = list(onward.values())
        if ends:
            yield AliasMistake(first, "targets", f"leads through more than {MAX_CHAIN} aliases, one after the other")


def _onward(alias: Alias, table: AliasTable) -> Iterator[Alias]:
    for _, name in alias.references():
        if (one := table.referred(alias, name)) is not None:
            yield one
