import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tests.journal.captured import captured, chat_answer, chat_body
from tokenrouter.admin.callers import Caller, Grant
from tokenrouter.admin.conversations import read_one, read_page, read_sums, remove_many, remove_one
from tokenrouter.admin.permissions import Role, reach_of
from tokenrouter.domain.actors import Actor
from tokenrouter.jobs.conversation_drain import record_of
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.conversation_pages import ConversationFilter
from tokenrouter.store.conversations import take_in_file
from tokenrouter.store.errors import ConversationUnknown

CONVERSATIONS = "/api/v1/conversations"


def keep(installation: Installation, *captures: Any) -> None:
    records = [record_of(one) for one in captures]
    take_in_file(installation.store, installation.state.sealing, captures[0].id, records)


@pytest.fixture
def kept(installation: Installation) -> Installation:
    keep(
        installation,
        captured(
            "r1",
            0,
            session="s1",
            request_body=chat_body("Bake bread?", system="Be kind."),
            answer_body=chat_answer("Flour."),
        ),
        captured(
            "r2", 5, session="s1", request_body=chat_body("Bake bread?", "Flour.", "And then?", system="Be kind.")
        ),
        captured(
            "r3", 9, session="s2", user="bob", team="chemistry", key="bob", key_id="key_bob", client_ip="10.0.0.2"
        ),
    )
    return installation


def get(client: TestClient, path: str = "", **wanted: str) -> dict[str, Any]:
    answer = client.get(f"{CONVERSATIONS}{path}", headers=ROOT, params=wanted)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ids(client: TestClient, **wanted: str) -> list[str]:
    return [one["title"] for one in get(client, **wanted)["data"]]


def test_conversations_are_listed_filtered_and_searched(kept: Installation, client: TestClient) -> None:
    first = get(client, limit="1")

    assert ids(client) == ["hello", "Bake bread?"]
    assert [one["title"] for one in get(client, limit="1", after=first["next"])["data"]] == ["Bake bread?"]
    assert ids(client, q="FLOUR") == ["Bake bread?"]
    assert ids(client, team="chemistry") == ids(client, ip="10.0.0.2") == ids(client, key="key_bob") == ["hello"]
    assert ids(client, **{"from": "2026-01-01T12:00:08Z"}) == ["hello"]
    assert ids(client, to="2026-01-01T12:00:08Z") == ["Bake bread?"]
    (bread,) = get(client, user="ann")["data"]
    assert (bread["requests"], bread["internal_requests"], bread["provider"]) == (2, 0, "acme")
    assert (bread["begun_at"], bread["last_at"]) == ("2026-01-01T12:00:00.000Z", "2026-01-01T12:00:06.000Z")


def test_one_shows_what_is_new_in_each_request_and_raw_what_was_sent(kept: Installation, client: TestClient) -> None:
    (bread,) = get(client, user="ann")["data"]

    whole = get(client, f"/{bread['id']}")
    raw = get(client, f"/{bread['id']}", raw="true", limit="1", after=str(whole["records"][0]["number"]))

    assert [record["turns"][0]["pieces"][0]["text"] for record in whole["records"]] == ["Bake bread?", "And then?"]
    assert [record["system"] for record in whole["records"]] == ["Be kind.", None]
    assert [record["earlier_turns"] for record in whole["records"]] == [0, 2]
    assert whole["records"][0]["answer"] == [
        {
            "role": "assistant",
            "pieces": [{"kind": "text", "text": "Flour.", "name": "", "call_id": "", "is_error": False}],
        }
    ]
    assert (whole["next"], whole["records"][0]["raw"]) == (None, None)
    assert raw["records"][0]["id"] == "r2"
    assert json.loads(raw["records"][0]["raw"]["request"]["body"])["messages"][-1]["content"] == "And then?"


def test_a_long_conversation_comes_in_pages(kept: Installation, client: TestClient) -> None:
    (bread,) = get(client, user="ann")["data"]

    first = get(client, f"/{bread['id']}", limit="1")

    assert first["next"] == first["records"][0]["number"]
    assert [one["id"] for one in get(client, f"/{bread['id']}", after=str(first["next"]))["records"]] == ["r2"]


def test_what_is_cut_off_says_so(installation: Installation, client: TestClient) -> None:
    keep(installation, captured("r1", request_body=chat_body("Bake bread?")[:60], request_bytes=900))
    (one,) = get(client)["data"]

    (record,) = get(client, f"/{one['id']}", raw="true")["records"]

    assert record["truncated"]
    assert record["raw"]["request"]["body"].endswith("(truncated)")
    assert record["turns"][0]["pieces"][0]["text"].startswith("Bak")


def test_sums_say_how_much_is_kept(kept: Installation, client: TestClient) -> None:
    sums = get(client, "/sums")

    assert (sums["conversations"], sums["requests"]) == (2, 3)
    assert sums["bytes"] > 0


def test_deleting_needs_to_be_told_which(kept: Installation, client: TestClient) -> None:
    for query in ("", "q=bread", "all=true&user=ann"):
        answer = client.delete(f"{CONVERSATIONS}?{query}", headers=ROOT)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert client.delete(f"{CONVERSATIONS}/conv_none", headers=ROOT).status_code == 404
    (bread,) = get(client, user="ann")["data"]
    assert client.delete(f"{CONVERSATIONS}/{bread['id']}", headers=ROOT).json() == {"removed": 1}
    assert client.get(f"{CONVERSATIONS}/{bread['id']}", headers=ROOT).status_code == 404
    assert client.delete(f"{CONVERSATIONS}?all=true", headers=ROOT).json() == {"removed": 1}
    assert get(client) == {"data": [], "next": None}
    told = [(entry.actor.name, entry.before) for entry in audit_page(kept.store, AuditFilter(), limit=9)]
    assert told[:2] == [("root", {"all": True, "conversations": 1}), ("root", {"id": bread["id"], "conversations": 1})]


def test_keys_of_other_roles_read_nothing(kept: Installation, client: TestClient) -> None:
    for path in ("", "/sums", "/conv_x", "/stream", "/capture"):
        for who in (MASTER, ALICE):
            assert client.get(f"{CONVERSATIONS}{path}", headers=who).status_code == 403
        assert client.get(f"{CONVERSATIONS}{path}").status_code == 401


def test_a_cursor_that_was_made_up_is_refused(client: TestClient) -> None:
    for cursor in ("x", "bnVsbA", "WzFd", "W251bGwsMV0"):
        assert client.get(CONVERSATIONS, headers=ROOT, params={"after": cursor}).status_code == 422


def granted(installation: Installation, action: str, role: Role, user: str, *teams: str) -> Grant:
    caller = Caller(role, Actor("person", "u1", user), user=user, teams=frozenset(teams))
    return Grant(caller, reach_of(action, role), installation.store)


def seen_by(installation: Installation, role: Role, user: str, *teams: str) -> list[str]:
    grant = granted(installation, "conversations.read", role, user, *teams)
    found = read_page(installation.state, grant, ConversationFilter(), limit=50, after="")
    assert read_sums(installation.state, grant).conversations == len(found.data)
    return [one.user for one in found.data]


def test_people_see_their_own_and_who_administers_a_team_that_team(kept: Installation) -> None:
    assert seen_by(kept, "owner", "zoe") == ["bob", "ann"]
    assert seen_by(kept, "team_admin", "zoe", "chemistry") == ["bob"]
    assert seen_by(kept, "team_admin", "ann", "chemistry") == ["bob", "ann"]
    assert seen_by(kept, "member", "ann") == ["ann"]
    assert seen_by(kept, "member", "zoe") == []


def test_who_reads_what_others_have_said_is_in_the_audit_log(kept: Installation, client: TestClient) -> None:
    (bread,) = get(client, user="ann")["data"]
    get(client, f"/{bread['id']}")
    read_one(kept.state, granted(kept, "conversations.read", "member", "ann"), bread["id"], limit=9, after=0)

    told = [(one.action, one.actor.name, one.subject) for one in audit_page(kept.store, AuditFilter(), limit=9)]
    assert told == [("conversation.read", "root", ("conversation", bread["id"], "ann"))]


def test_nobody_reads_or_deletes_what_is_out_of_reach(kept: Installation, client: TestClient) -> None:
    (bobs,) = get(client, user="bob")["data"]
    reading, deleting = (granted(kept, f"conversations.{what}", "member", "ann") for what in ("read", "delete"))

    with pytest.raises(ConversationUnknown):
        read_one(kept.state, reading, bobs["id"], limit=9, after=0)
    with pytest.raises(ConversationUnknown):
        remove_one(kept.state, deleting, bobs["id"])
    assert remove_many(kept.state, deleting, ConversationFilter(), everything=True).removed == 1
    assert ids(client) == ["hello"]
