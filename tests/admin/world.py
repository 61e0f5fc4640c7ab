"""Two groups that must never see or touch each other's: the red, who ask, and the blue, whose words are marked.

Every subject of the blue carries `MARK` where it can, and is named without it, so that an answer may repeat what was
asked and still be searched for what was not.
"""

from dataclasses import dataclass, field

from tests.admin.installation import PEPPER, Installation
from tests.store.entries import entry
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.people import Membership, PersonRole, User
from tokenrouter.store.aliases import create_alias
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limits import create_limit
from tokenrouter.store.sessions import SessionOwner, begin_session, find_session
from tokenrouter.store.teams import create_team, put_member
from tokenrouter.store.users import NewUser, create_user

MARK = "zq7blue"

Headers = dict[str, str]


@dataclass
class World:
    """The installation with both groups in it.

    Attributes:
        callers: by role, how somebody of it asks; those below an admin are red.
        red: what a path may name of the red, by the parameter's name.
        blue: what a path may name of the blue, by the parameter's name.
    """

    installation: Installation
    callers: dict[str, Headers] = field(default_factory=dict)
    red: dict[str, str] = field(default_factory=dict)
    blue: dict[str, tuple[str, ...]] = field(default_factory=dict)


def make_world(installation: Installation) -> World:
    """Fill an installation."""
    world = World(installation)
    _people(world, "red")
    keys = _people(world, "blue", MARK)
    roles: tuple[PersonRole, ...] = ("owner", "admin")
    for role in roles:
        world.callers[role] = _signed_in(installation, _user(installation, f"the-{role}", role))
    limit_ids = [_limit(installation, f"key:{key.name}") for key in keys]
    limit_ids += [_limit(installation, scope) for scope in ("user:blue-member", "team:blue")]
    names = tuple(name for key in keys for name in (key.id, key.name))
    world.blue = {
        "name_or_id": (*names, "blue", "blue-member", "blue-head"),
        "token_id": tuple(key.id for key in keys),
        "limit_id": tuple(limit_ids),
        "name": ("blue-alias", "blue-own-alias"),
        "alias": ("blue-own-alias",),
        "user": ("blue-member", "blue-head"),
        "team_name": ("blue",),
        "scope": ("team:blue", "user:blue-member"),
        "request_id": ("req_blue_1", "req_blue_2"),
    }
    return world


def _people(world: World, color: str, mark: str = "") -> list[Key]:
    """Make a team with its head and a member, a keymaster with a pupil, and what they have used."""
    installation = world.installation
    store = installation.store
    create_team(store, color, comment=mark, now_s=1.0)
    head = _user(installation, f"{color}-head", "member", mark)
    member = _user(installation, f"{color}-member", "member", mark)
    put_member(store, Membership(color, head.name, admin=True))
    put_member(store, Membership(color, member.name))
    master = _key(installation, KeyRequest(f"{color}-master", "keymaster", team=color, user=head.name, comment=mark))
    pupil = _key(installation, KeyRequest(f"{color}-pupil", parent=master[1], comment=mark))
    laptop = _key(installation, KeyRequest(f"{color}-laptop", team=color, user=member.name, comment=mark))
    if color == "red":
        world.red = {"team_name": color, "token_id": pupil[1].id}
        world.callers |= {
            "team_admin": _signed_in(installation, head),
            "member": _signed_in(installation, member),
            "keymaster": {"authorization": f"Bearer {master[0]}"},
            "inferrer": {"authorization": f"Bearer {laptop[0]}"},
        }
    for scope, name in ((f"team:{color}", "alias"), (f"user:{member.name}", "own-alias")):
        alias = Alias(f"{color}-{name}", (Target("acme/small"),), scope=scope)
        create_alias(store, alias, lambda *_: None, comment=mark, now_s=1.0)
    keys = [one[1] for one in (master, pupil, laptop)]
    rows = [
        entry(
            f"req_{color}_{number}",
            key_id=key.id,
            key_name=key.name,
            team=color,
            user=key.user,
            chain=(key.id,),
            model=f"{mark or 'small'}-model",
            requested_model=f"{mark}-asked",
            client_tool=f"{mark}-tool",
            alias=f"{mark}-alias",
        )
        for number, key in enumerate(keys)
    ]
    record(store, [Row(row) for row in rows], {})
    return keys


def _user(installation: Installation, name: str, role: PersonRole, mark: str = "") -> User:
    email = f"{name}@{mark or 'x'}.org"
    return create_user(installation.store, NewUser(name, email=email, role=role, comment=mark), now_s=1.0)


def _key(installation: Installation, request: KeyRequest) -> tuple[str, Key]:
    made = create_key(installation.store, request, pepper=PEPPER, now_s=installation.now_s)
    return made.key, made.stored


def _limit(installation: Installation, scope: str) -> str:
    limit = Limit(f"{scope}|tokens|day|hard", scope, "tokens", Window("day"), 77_777)
    return create_limit(installation.store, limit, comment=MARK, now_s=1.0).limit.id


def _signed_in(installation: Installation, user: User) -> Headers:
    now_s = installation.now_s
    owner = SessionOwner("person", user.id)
    cookie = begin_session(installation.store, owner, way="password", address="", agent="", now_s=now_s)
    with installation.store.read() as connection:
        session = find_session(connection, cookie, now_s=now_s)
    assert session is not None
    return {"cookie": f"tokenrouter_session={cookie}", "x-csrf-token": session.csrf}
