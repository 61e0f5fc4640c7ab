"""What can be wrong with a limit that is written rightly: seen beside the others, and beside what it limits.

Pure, and the same for file, API and command line: what stops a limit raises nothing here but is returned as a
`Mistake`; what only should be known is returned as words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from tokenrouter.domain.limit_text import Mistake
from tokenrouter.domain.limits import Limit, kind_of
from tokenrouter.domain.prices import Price, ceiling_of, most_cost

WORD_INPUT_TOKENS: Final = 8
"""Input of a chat of one word: 3 for the answer's head, 3 for the message's, 1 for its role, 1 for the word (OpenAI's
cookbook, "How to count tokens with tiktoken", read 2026-11)."""
WORD_OUTPUT_TOKENS: Final = 1


@dataclass(frozen=True, slots=True)
class Names:
    """The subjects that exist, as far as whoever asks can know. `models` are `provider/model`.

    Attributes:
        complete: kinds of which no others can exist, so that a limit on another name is a mistake.
    """

    keys: Sequence[str] = ()
    users: Sequence[str] = ()
    teams: Sequence[str] = ()
    providers: Sequence[str] = ()
    aliases: Sequence[str] = ()
    models: Sequence[str] = ()
    complete: frozenset[str] = frozenset(("provider", "alias"))

    def of(self, kind: str) -> Sequence[str] | None:
        """Return the names of one kind of scope; None for kinds without names."""
        named = {
            "key": self.keys,
            "user": self.users,
            "team": self.teams,
            "provider": self.providers,
            "alias": self.aliases,
            "model": self.models,
        }
        return named.get(kind)


def subject_mistake(limit: Limit, names: Names) -> Mistake | None:
    """Return what is wrong with the scope of `limit`: it names something that cannot exist."""
    kind, _, name = limit.scope.partition(":")
    if kind == "model":
        kind, name = "provider", name.partition("/")[0]
    known = names.of(kind)
    if known is None or kind not in names.complete or name == "*" or name in known:
        return None
    return Mistake("scope", f"{limit.scope!r}: there is no {kind} {name!r}{_nearest(name, known)}")


def contradiction(limit: Limit, others: Iterable[Limit]) -> Mistake | None:
    """Return what is wrong with `limit` beside `others`: one of them has its scope, metric, window and mode."""
    for other in others:
        if other.scope == limit.scope and kind_of(other) == kind_of(limit):
            where = f" at {other.origin}" if other.origin else ""
            words = f"a {limit.mode} {limit.metric} limit of {limit.scope} with this window was declared before{where}"
            return Mistake("", words)
    return None


def limit_warnings(
    limit: Limit, others: Iterable[Limit], names: Names, prices: Mapping[str, Price], now_s: float
) -> list[str]:
    """Return what whoever declares `limit` should know, a sentence each, without its name."""
    found = [_too_small(limit, prices, now_s), _unknown_subject(limit, names), _useless_alert(limit, others)]
    if 0 < limit.boost_until_s <= now_s:
        found.append("its boost has ended")
    return [warning for warning in found if warning]


def _too_small(limit: Limit, prices: Mapping[str, Price], now_s: float) -> str:
    if limit.mode == "soft":
        return ""
    most = max(limit.amount, limit.amount_at(now_s))
    if most == 0:
        return "it is 0, so it admits no request at all"
    needed = _needed(limit, prices)
    if most >= needed:
        return ""
    unit = "nano-dollars" if limit.metric == "cost_usd" else limit.metric.replace("_", " ")
    return f"it allows less than a chat of one word needs ({needed} {unit}), so it admits hardly anything"


def _needed(limit: Limit, prices: Mapping[str, Price]) -> int:
    """Return what the smallest chat needs of the limit's metric; for costs at the cheapest price in its scope."""
    match limit.metric:
        case "tokens":
            return WORD_INPUT_TOKENS + WORD_OUTPUT_TOKENS
        case "input_tokens":
            return WORD_INPUT_TOKENS
        case "cost_usd":
            costs = [
                most_cost(WORD_INPUT_TOKENS, WORD_OUTPUT_TOKENS, ceiling_of(price))
                for model, price in prices.items()
                if _is_charged(limit.scope, model)
            ]
            return min(costs, default=0)
        case _:
            return 1


def _is_charged(scope: str, model: str) -> bool:
    kind, _, name = scope.partition(":")
    if kind == "provider":
        return model.startswith(f"{name}/")
    return kind != "model" or model == name


def _unknown_subject(limit: Limit, names: Names) -> str:
    kind, _, name = limit.scope.partition(":")
    known = names.of(kind)
    if known is None or name == "*" or name in known or kind in names.complete:
        return ""
    if kind == "model" and not any(model.startswith(f"{name.partition('/')[0]}/") for model in known):
        return ""  # nobody knows yet what this provider has
    return f"no {kind} {name!r} is known{_nearest(name, known)}"


def _useless_alert(limit: Limit, others: Iterable[Limit]) -> str:
    """A hard limit below a soft one of the same: requests are refused before anybody is told."""
    for other in others:
        if other.scope != limit.scope or kind_of(other)[:3] != kind_of(limit)[:3] or other.mode == limit.mode:
            continue
        hard, soft = (limit, other) if limit.mode == "hard" else (other, limit)
        if hard.amount < soft.amount:
            return "the hard limit is below the soft one of the same scope, metric and window, which never tells"
    return ""


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
