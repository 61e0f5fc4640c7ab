"""Which models a caller sees: an admin all of them, everybody else those that their keys may use.

People have many keys, most of them alike: each kind of key is looked at once. Who has none yet sees what a key of
theirs would be allowed by their teams.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tokenrouter.admin.callers import Grant
from tokenrouter.admin.key_rules import key_reader, sight
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.aliases import Match
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.alias_routes import follow_alias
from tokenrouter.gateway.choices import routes_of
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.store.key_pages import KeyFilter

MAX_KEYS: Final = 1000
"""Most keys of a caller that are looked at, the oldest first."""
MAX_KINDS: Final = 50


@dataclass(frozen=True, slots=True)
class ModelSight:
    """What some keys may use, by the models' own names and by aliases.

    Attributes:
        led_to: `provider/model` of what aliases that they may ask for lead to.
    """

    askers: Sequence[Principal]
    led_to: frozenset[str]

    def covers(self, name: str, *, offered: bool) -> bool:
        """Whether any of the keys may use `provider/model`, which is `offered` or not."""
        return name in self.led_to or (offered and any(asker.may_use((name,)) for asker in self.askers))


def model_sight(state: ControlState, grant: Grant) -> ModelSight | None:
    """Return what the caller's keys may use; None is everything."""
    if grant.reach == "all":
        return None
    directory = state.directory()
    askers = _askers(state, grant, directory)
    return ModelSight(askers, frozenset(name for asker in askers for name in _led_to(directory, asker)))


def _askers(state: ControlState, grant: Grant, directory: Directory) -> list[Principal]:
    """Return who asks with the caller's keys, one of each kind."""
    now_s = state.clock()
    askers = (directory.as_if(key) for key in _kinds(state, grant))
    return [one for one in askers if not one.problem and one.expires_at_s > now_s]


def _kinds(state: ControlState, grant: Grant) -> list[Key]:
    caller = grant.caller
    if caller.key is not None:
        return [caller.key]
    usable = KeyFilter(state="enabled", now_s=state.clock(), sight=sight(grant))
    keys = [key for _, key in key_reader(state, usable)((), MAX_KEYS)]
    if not keys:
        teams = caller.member_of or {""}
        keys = [Key("", "", b"", team=team, user=caller.user) for team in sorted(teams)]
    kinds = {(key.parent_id, key.team, key.user, key.allowed_models): key for key in keys}
    return list(kinds.values())[:MAX_KINDS]


def _led_to(directory: Directory, asker: Principal) -> Iterator[str]:
    for alias in directory.aliases.visible(asker.alias_scopes):
        try:
            choice = follow_alias(directory, asker, Match(alias), alias.name)
        except GatewayError:
            continue
        yield from (route.full_name for route in routes_of(choice))
