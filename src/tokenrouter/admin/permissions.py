"""Who may do what: the one table of permissions.

A row is an action, a column a role, a cell how far it reaches. Routes name their action and get a `Grant`
(`admin/callers.py`) that says whose subjects are meant; nothing else decides who may what. A table of the tests
(`permissions.csv`) says the same of every route, by hand, and each of them is asked as each role.

    all       everybody's
    team      of the teams that the caller administers, and the caller's own
    children  of the keys below the caller's
    own       the caller's own: of a person all keys and use, of a key itself and what was made below it
    -         nothing
"""

from typing import Final, Literal, get_args

Role = Literal["owner", "admin", "team_admin", "member", "keymaster", "inferrer"]
Reach = Literal["all", "team", "children", "own", "-"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Roles of people, then of keys. A key of the role admin, and whoever knows `ADMIN_PASSWORD`, is an `admin`."""

_TABLE: Final = """
                        owner  admin  team_admin  member  keymaster  inferrer
me.read                 own    own    own         own     own        own
sessions.own            own    own    own         own     own        own
password.own            own    own    own         own     -          -
system.read             all    all    all         all     all        -
keys.read               all    all    team        own     children   own
keys.create             all    all    team        own     children   own
keys.change             all    all    team        own     -          -
keys.rotate             all    all    team        own     children   own
keys.revoke             all    all    team        own     children   own
keys.heartbeat          all    all    team        own     children   own
limits.read             all    all    team        own     children   own
limits.write            all    all    team        -       children   -
limits.reset            all    all    team        -       children   -
usage.read              all    all    team        own     children   own
ledger.read             all    all    team        own     children   own
ledger.verify           all    all    -           -       -          -
aliases.read            all    all    team        own     -          -
aliases.write           all    all    team        own     -          -
profile.read            all    all    -           -       -          -
profile.write           all    all    -           -       -          -
models.read             all    all    team        own     own        own
route.explain           all    all    team        own     children   own
providers.read          all    all    -           -       -          -
providers.write         all    all    -           -       -          -
providers.refresh       all    all    -           -       -          -
secrets.read            all    all    -           -       -          -
settings.read           all    all    -           -       -          -
settings.write          all    all    -           -       -          -
stats.read              all    all    -           -       -          -
benchmark.run           all    all    -           -       -          -
tokens.read             all    all    -           -       children   -
tokens.write            all    all    -           -       children   -
prices.read             all    all    -           -       -          -
prices.write            all    all    -           -       -          -
prices.refresh          all    all    -           -       -          -
quota.read              all    all    -           -       -          -
reconciliation.read     all    all    -           -       -          -
teams.read              all    all    team        own     -          -
teams.write             all    all    -           -       -          -
members.read            all    all    team        -       -          -
members.write           all    all    team        -       -          -
users.read              all    all    team        own     -          -
users.write             all    all    -           -       -          -
users.access            all    all    -           -       -          -
access_codes.read       all    all    -           -       -          -
access_codes.write      all    all    -           -       -          -
roster.import           all    all    -           -       -          -
owners.write            all    -      -           -       -          -
conversations.read      all    all    team        own     -          -
conversations.delete    all    all    team        own     -          -
capture.read            all    all    team        own     -          -
capture.write           all    all    -           -       -          -
audit.read              all    all    -           -       -          -
metrics.read            all    all    -           -       -          -
logs.read               all    all    -           -       -          -
logs.delete             all    all    -           -       -          -
"""


def _read(table: str) -> dict[str, dict[Role, Reach]]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    if tuple(head) != ROLES:
        raise ValueError(f"the columns of the permissions are {head}, not {ROLES}")
    return {action: dict(zip(ROLES, cells, strict=True)) for action, *cells in rows}  # type: ignore[arg-type]


PERMISSIONS: Final = _read(_TABLE)


def reach_of(action: str, role: Role) -> Reach:
    """Return how far `action` reaches for `role`; "-" is nowhere.

    Raises:
        KeyError: there is no such action.
    """
    return PERMISSIONS[action][role]
