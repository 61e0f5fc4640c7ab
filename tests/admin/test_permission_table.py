"""Every route, asked as every role, beside a table that was written by hand (permissions.csv).

What its cells say: `all`, `team`, `children`, `own`: may ask, and reaches so far; `-`: may not; `public`: anybody may;
`stream`: may, and the answer has no end; `secret`: what is sent with it decides; `page`: HTML that shows the way in to
whoever may not see it; `token`: a token of TokenTracer's kind decides; `inside`: no path of clients leads there.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from tests.admin.installation import Installation
from tests.admin.world import MARK, World, make_world
from tokenrouter.admin.callers import Needs
from tokenrouter.admin.permissions import PERMISSIONS, ROLES
from tokenrouter.edge import paths
from tokenrouter.store.schema import tr_aliases, tr_keys, tr_ledger, tr_limits, tr_members, tr_teams, tr_users

TABLE = Path(__file__).with_name("permissions.csv")
ROWS = {(row["method"], row["path"]): row for row in csv.DictReader(TABLE.open())}
GRANTED = frozenset({"all", "team", "children", "own"})
BELOW = ("team_admin", "member", "keymaster", "inferrer")
REFUSED = (401, 403)
QUESTIONS = {
    "q": ("blue", "blue-member", ""),
    "format": ("csv",),
    "limit": ("1000",),
    "team": ("blue",),
    "user": ("blue-member",),
    "key": ("blue-laptop",),
    "parent": ("blue-master",),
    "scope": ("team:blue", "user:blue-member", "key:blue-laptop"),
    "by": ("key", "user", "team", "model", "day"),
    "then": ("key", "user", "team", "model"),
    "group": ("key", "user", "team", "model", "ip", "tool"),
    "figures": ("true",),
    "use": ("true",),
    "top": ("20", "true"),
    "ip": ("192.0.2.7",),
    "tool": (f"{MARK}-tool",),
    "model": (f"{MARK}-model",),
    "range": ("31622400",),
    "alias": ("blue-alias",),
}
BODIES: list[dict[str, Any]] = [
    {},
    {"enabled": False},
    {"comment": "mine"},
    {"amount": 1},
    {"overlap_s": 0},
    {"admin": True},
    {"name": "mine", "team": "blue"},
    {"name": "mine", "parent": "blue-master"},
    {"name": "mine", "user": "blue-member"},
    {"name": "mine", "scope": "team:blue", "targets": ["acme/tiny"]},
    {"scope": "key:blue-laptop", "metric": "tokens", "window": "hour", "amount": 1},
]


@pytest.fixture
def world(installation: Installation) -> World:
    return make_world(installation)


def routes(installation: Installation) -> list[APIRoute]:
    routers = [getattr(one, "original_router", None) for one in installation.app().routes]
    found = [route for router in routers if router is not None for route in router.routes]
    return [route for route in found if isinstance(route, APIRoute)]


def actions(route: APIRoute) -> set[str]:
    def below(dependant: Any) -> Iterator[Any]:
        for one in dependant.dependencies:
            yield one.call
            yield from below(one)

    return {call.action for call in below(route.dependant) if isinstance(call, Needs)}


def filled(path: str, values: dict[str, str] | None = None) -> str:
    """Return a path with something in the place of each parameter."""

    def value(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        return (values or {}).get(name) or ("4242" if name == "number" else "nothing-like-it")

    return re.sub(r"{([^}]+)}", value, path)


def ask(
    client: TestClient,
    method: str,
    path: str,
    headers: dict[str, str],
    *,
    params: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
) -> Response:
    client.cookies.clear()
    if method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        return client.request(method, path, headers=headers, params=params)
    return client.request(method, path, headers=headers, params=params, json=body or {})


def test_the_table_has_every_route_and_no_other(installation: Installation) -> None:
    there = {(method, route.path) for route in routes(installation) for method in route.methods or ()}

    assert sorted(there - ROWS.keys()) == []
    assert sorted(ROWS.keys() - there) == []


def test_what_the_program_says_of_a_route_is_what_the_table_says(installation: Installation) -> None:
    for route in routes(installation):
        named = actions(route)
        for method in route.methods or ():
            row = ROWS[method, route.path]
            for role in ROLES:
                if row[role] in GRANTED | {"-"} and named:
                    reaches = {PERMISSIONS[action][role] for action in named}
                    assert row[role] in reaches, (method, route.path, role, reaches)


def test_no_client_reaches_what_is_inside() -> None:
    inside = [path for (_, path), row in ROWS.items() if row["nobody"] == "inside"]

    assert inside
    assert not any(paths.is_control(path.partition("{")[0].encode()) for path in inside)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_each_role_may_what_the_table_says(world: World, role: str) -> None:
    headers = world.callers.get(role, {})
    with TestClient(world.installation.app(), base_url="http://gateway.test", follow_redirects=False) as client:
        for (method, path), row in ROWS.items():
            cell = row[role]
            if cell in ("stream", "inside") or (method, path) == ("DELETE", "/api/v1/session"):
                continue  # the first would not end, the second cannot be reached, the third would end the session
            if (method, path) == ("DELETE", "/api/v1/me/sessions") and "cookie" in headers:
                continue
            status = ask(client, method, filled(path, world.red), headers).status_code
            place = f"{method} {path} as {role}: {status}"
            assert status < 500 or status == 503, place
            if cell in GRANTED or cell == "public":
                assert status not in REFUSED, place
            elif cell == "-":
                assert status in ((401, 503) if role == "nobody" else REFUSED), place
            elif cell in ("secret", "page"):
                assert status not in (201, 204), place


def test_an_admin_sees_what_is_marked(world: World) -> None:
    lists = ("keys", "limits", "aliases", "teams", "users", "ledger", "usage?by=model", "ledger/export")
    with TestClient(world.installation.app(), base_url="http://gateway.test") as client:
        answers = {name: ask(client, "GET", f"/api/v1/{name}", world.callers["admin"]).text for name in lists}

    assert [name for name, text in answers.items() if MARK not in text] == []


@pytest.mark.parametrize("role", BELOW)
def test_nobody_reads_what_is_not_theirs_by_whatever_way(world: World, role: str) -> None:
    questions = [{name: value} for name, values in QUESTIONS.items() for value in values]
    with TestClient(world.installation.app(), base_url="http://gateway.test", follow_redirects=False) as client:
        for route in granted(world, role, "GET"):
            taken = {field.alias for field in every_query(route.dependant)}
            for target in targets(world, route.path):
                for question in ({}, *(one for one in questions if one.keys() <= taken)):
                    answer = ask(client, "GET", target, world.callers[role], params=question)
                    assert MARK not in answer.text, f"{target} {question} as {role}: {answer.text[:300]}"
                    assert "77777" not in answer.text, f"{target} {question} as {role}"


@pytest.mark.parametrize("role", BELOW)
def test_nobody_is_told_what_would_become_of_another_s_request(world: World, role: str) -> None:
    with TestClient(world.installation.app(), base_url="http://gateway.test") as client:
        for key in world.blue["name_or_id"]:
            body = {"key": key, "request": {"model": "acme/small"}}
            answer = ask(client, "POST", "/api/v1/route/explain", world.callers[role], body=body)
            assert answer.status_code == 404, (key, answer.text)


@pytest.mark.parametrize("role", BELOW)
def test_nobody_changes_what_is_not_theirs(world: World, role: str) -> None:
    before = kept(world)
    with TestClient(world.installation.app(), base_url="http://gateway.test", follow_redirects=False) as client:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for route in granted(world, role, method):
                if "session" in route.path:
                    continue
                scoped = "scope" in {field.alias for field in every_query(route.dependant)}
                questions = [{"scope": "team:blue"}, {"scope": "user:blue-member"}] if scoped else [{}]
                for target in targets(world, route.path):
                    for body in BODIES if method != "DELETE" else BODIES[:1]:
                        for question in questions:
                            answer = ask(client, method, target, world.callers[role], params=question, body=body)
                            assert answer.status_code < 500 or answer.status_code == 503, (target, body, answer.text)

    assert kept(world) == before


def granted(world: World, role: str, method: str) -> list[APIRoute]:
    """Return the routes that `role` may ask at all; that the others refuse it is another test."""
    rows = {path: row for (verb, path), row in ROWS.items() if verb == method}
    asked = {path for path, row in rows.items() if row[role] in (*GRANTED, "page", "secret")}
    return [one for one in routes(world.installation) if method in (one.methods or ()) and one.path in asked]


def every_query(dependant: Any) -> Iterator[Any]:
    yield from dependant.query_params
    for one in dependant.dependencies:
        yield from every_query(one)


def targets(world: World, path: str) -> list[str]:
    """Return the path with each thing of the blue in it."""
    names = [name.partition(":")[0] for name in re.findall(r"{([^}]+)}", path)]
    if not names:
        return [path]
    known = world.blue.get(names[0], ("nothing-like-it",))
    others = {name: world.blue.get(name, ("x",))[0] for name in names[1:]}
    return [filled(path, {names[0]: value, **others}) for value in known]


def kept(world: World) -> list[list[Any]]:
    """Return everything that the blue have, and how many ledger rows there are."""
    store = world.installation.store
    columns = {
        tr_keys: tr_keys.c.name,
        tr_limits: tr_limits.c.scope,
        tr_aliases: tr_aliases.c.name,
        tr_teams: tr_teams.c.name,
        tr_users: tr_users.c.name,
        tr_members: tr_members.c.team,
        tr_ledger: tr_ledger.c.key_name,
    }
    with store.read() as connection:
        return [
            sorted(map(repr, connection.execute(select(table).where(column.contains("blue")))))
            for table, column in columns.items()
        ]
