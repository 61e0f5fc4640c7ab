from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin.installation import ALICE, BUDGET, MASTER, ROOT, TOKENS, Installation
from tokenrouter.admin.limit_bodies import NewBoost, NewLimit
from tokenrouter.admin.limits import PAGE_SCOPES
from tokenrouter.domain.limit_text import limit_handle
from tokenrouter.domain.limits import CounterPast
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.adjustments import adjustments_since
from tokenrouter.store.limit_use import LimitCharge, add_limit_use, limit_use
from tokenrouter.store.limits import list_limits

LIMITS = "/api/v1/limits"
LATER = "2026-03-01T00:00:00Z"
DECLARED = f"{LIMITS}/{limit_handle(TOKENS.id)}"


def make(client: TestClient, headers: dict[str, str] = ROOT, /, **fields: object) -> Response:
    body = {"scope": "key:alice", "metric": "requests", "window": "day", "amount": 100, **fields}
    return client.post(LIMITS, headers=headers, json=body)


def made(client: TestClient, headers: dict[str, str] = ROOT, /, **fields: object) -> dict[str, Any]:
    answer = make(client, headers, **fields)
    assert answer.status_code == 201, answer.text
    limit: dict[str, Any] = answer.json()
    return limit


def child(client: TestClient, name: str = "pupil") -> str:
    assert client.post("/api/v1/keys", headers=MASTER, json={"name": name}).status_code == 201
    return f"key:{name}"


def test_a_limit_that_is_made_counts_and_is_listed(client: TestClient, installation: Installation) -> None:
    limit = made(client, scope="team:physics", metric="cost_usd", window="month", amount="25.50", comment="spring")

    listed = client.get(LIMITS, headers=ROOT).json()["data"]
    assert {**listed[-1], "warnings": []} == {**limit, "use": None}
    assert (limit["amount"], limit["origin"], limit["comment"]) == ("25.50", "database", "spring")
    counted = [one for one in installation.catalog().limits if one.scope == "team:physics"]
    assert [one.amount for one in counted] == [25_500_000_000]
    assert installation.told_of_changes == 1


def test_limits_of_the_file_are_listed_with_where_they_are_declared_and_changed_there_only(client: TestClient) -> None:
    assert client.get(DECLARED, headers=ROOT).json()["declared_at"] == "torod.toml:20"

    for answer in (
        client.patch(DECLARED, headers=ROOT, json={"amount": 5}),
        client.delete(DECLARED, headers=ROOT),
        client.post(f"{DECLARED}/boost", headers=ROOT, json={"amount": 5, "until": LATER}),
        make(client, metric="tokens", window="lifetime"),
    ):
        assert answer.status_code == 409
        assert "torod.toml:20" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scope": "kye:alice"}, "scope 'kye:alice' is not known"),
        ({"scope": "key:alcie"}, 'did you mean "alice"?'),
        ({"scope": "provider:acne"}, 'did you mean "acme"?'),
        ({"metric": "token"}, 'did you mean "tokens"?'),
        ({"window": "dya"}, 'did you mean "day"?'),
        ({"tz": "Europe/Berln"}, 'did you mean "Europe/Berlin"?'),
        ({"week_start": "sundy"}, 'did you mean "sunday"?'),
        ({"mode": "hrd"}, 'did you mean "hard"?'),
        ({"amount": -1}, "amount -1 is negative"),
        ({"amount": 2**63}, "too large"),
        ({"amount": 1.5}, "must be a whole number"),
        ({"amount": True}, "amount"),
        ({"amount": 2**61, "boost": 2**62, "boost_until": LATER}, "boost: is too large"),
        ({"boost": 5}, "boost_until: is missing"),
        ({"carry_over": 5, "window": "60s"}, "carry_over: needs a window that follows another"),
        ({"ammount": 5}, "unknown field 'ammount'; did you mean \"amount\"?"),
        ({"scope": "key:\x00"}, "scope"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    client: TestClient, installation: Installation, fields: dict[str, object], words: str
) -> None:
    answer = make(client, **fields)

    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert not list_limits(installation.store)


def test_two_limits_of_one_scope_metric_window_and_mode_contradict_each_other(client: TestClient) -> None:
    made(client)

    assert make(client, amount=7).status_code == 409
    assert make(client, amount=7, tz="Europe/Berlin").status_code == 409
    assert make(client, amount=7, mode="soft").status_code == 201


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"amount": 0}, "it admits no request at all"),
        ({"amount": 5, "metric": "tokens"}, "less than a chat of one word needs"),
        ({"scope": "user:nobody"}, "no user 'nobody' is known"),
    ],
)
def test_what_can_hardly_be_meant_is_told(client: TestClient, fields: dict[str, object], warning: str) -> None:
    assert warning in " ".join(made(client, **fields)["warnings"])
    assert not made(client, window="hour")["warnings"]


def test_a_hard_limit_below_its_alert_is_told(client: TestClient) -> None:
    assert not made(client, mode="soft", amount=80)["warnings"]

    assert "never tells" in " ".join(made(client, amount=50)["warnings"])


def test_a_change_leaves_what_it_does_not_name(client: TestClient) -> None:
    limit = made(client, comment="first", carry_over=10)

    changed = client.patch(f"{LIMITS}/{limit['id']}", headers=ROOT, json={"amount": 7}).json()

    assert (changed["amount"], changed["carry_over"], changed["comment"]) == (7, 10, "first")
    assert client.patch(f"{LIMITS}/{limit['id']}", headers=ROOT, json={"amount": -7}).status_code == 422


def test_a_limit_that_is_removed_counts_no_more(client: TestClient, installation: Installation) -> None:
    limit = made(client)

    assert client.delete(f"{LIMITS}/{limit['id']}", headers=ROOT).json()["id"] == limit["id"]

    assert client.get(f"{LIMITS}/{limit['id']}", headers=ROOT).status_code == 404
    assert not list_limits(installation.store)


def test_a_boost_allows_more_until_its_time_and_is_written_down(client: TestClient, installation: Installation) -> None:
    path = f"{LIMITS}/{made(client)['id']}/boost"

    boosted = client.post(path, headers=ROOT, json={"amount": 50, "until": LATER, "reason": "exam"}).json()

    assert (boosted["allowed"], boosted["boost"], boosted["boost_until"]) == (150, 50, LATER)
    (row,) = adjustments_since(installation.store, 0)
    assert (row.kind, row.amount, row.used, row.made_by, row.reason) == ("boost", 50, 0, "root", "exam")
    assert client.post(path, headers=ROOT, json={"amount": 0}).json()["allowed"] == 100


@pytest.mark.parametrize("body", [{"amount": 5}, {"amount": 5, "until": "2020-01-01T00:00:00Z"}, {"amount": -5}])
def test_a_boost_without_an_end_to_come_is_refused(client: TestClient, body: dict[str, object]) -> None:
    path = f"{LIMITS}/{made(client)['id']}/boost"

    assert client.post(path, headers=ROOT, json=body).status_code == 422


def test_a_reset_gives_back_what_was_used_by_an_entry_of_its_own(
    client: TestClient, installation: Installation
) -> None:
    with installation.store.write() as connection:
        add_limit_use(connection, [LimitCharge(TOKENS.id, "key:alice", 0, 700)])

    answer = client.post(f"{DECLARED}/reset", headers=ROOT, json={"reason": "new term"})

    assert answer.json() == {"data": [{"scope": "key:alice", "amount": 700}]}
    (row,) = adjustments_since(installation.store, 0)
    assert (row.kind, row.amount, row.made_by, row.reason) == ("reset", -700, "root", "new term")
    with installation.store.read() as connection:
        assert limit_use(connection) == {(TOKENS.id, "key:alice"): {0: 0}}
    assert (installation.drains, installation.told_of_changes) == (1, 1)
    assert client.post(f"{DECLARED}/reset", headers=ROOT, json={}).json() == {"data": []}


def test_of_a_template_one_may_be_reset_alone(client: TestClient, installation: Installation) -> None:
    limit = made(client, scope="key:*", metric="tokens", window="lifetime")
    (stored,) = list_limits(installation.store)
    with installation.store.write() as connection:
        charges = [LimitCharge(stored.limit.id, f"key:{name}", 0, 5) for name in ("alice", "bob")]
        add_limit_use(connection, charges)

    body = {"scope": "key:bob"}
    assert client.post(f"{LIMITS}/{limit['id']}/reset", headers=ROOT, json=body).json() == {
        "data": [{"scope": "key:bob", "amount": 5}]
    }


def test_what_is_used_is_shown_for_each_scope(client: TestClient, installation: Installation) -> None:
    installation.limit_figures = LimitFigures(
        used={(BUDGET.id, "team:physics"): 1_500_000_000},
        held={(BUDGET.id, "team:physics"): 250_000_000, (BUDGET.id, "team:art"): 1},
    )

    shown = client.get(f"{LIMITS}/{limit_handle(BUDGET.id)}/use", headers=ROOT).json()["data"]

    assert [one["scope"] for one in shown] == ["team:art", "team:physics"]
    assert shown[1] == {
        "scope": "team:physics",
        "amount": "25.00",
        "used": "1.50",
        "held": "0.25",
        "left": "23.25",
        "resets_at": "2026-02-01T00:00:00Z",
    }


def test_many_scopes_are_shown_page_by_page(client: TestClient, installation: Installation) -> None:
    installation.limit_figures = LimitFigures(
        used={(BUDGET.id, f"team:{number:04}"): 1 for number in range(PAGE_SCOPES + 3)}
    )
    path = f"{LIMITS}/{limit_handle(BUDGET.id)}/use"

    first = client.get(path, headers=ROOT).json()
    second = client.get(path, headers=ROOT, params={"after": first["next"]}).json()

    assert [len(page["data"]) for page in (first, second)] == [PAGE_SCOPES, 3]
    assert second["next"] is None
    assert first["data"][-1]["scope"] < second["data"][0]["scope"]


def test_what_the_window_before_left_is_in_the_amount(client: TestClient, installation: Installation) -> None:
    limit = made(client, carry_over=30)
    (stored,) = list_limits(installation.store)
    counter = (stored.limit.id, "key:alice")
    installation.limit_figures = LimitFigures(used={counter: 10}, past={counter: CounterPast(used_before=80)})

    (shown,) = client.get(f"{LIMITS}/{limit['id']}/use", headers=ROOT).json()["data"]

    assert (shown["amount"], shown["left"]) == (120, 110)


def test_a_limit_that_the_file_declares_later_shadows_that_of_the_database(
    client: TestClient, installation: Installation
) -> None:
    limit = made(client)
    declared = replace(list_limits(installation.store)[0].limit, amount=3, origin="torod.toml:30")
    installation.settings = replace(installation.settings, limits=(*installation.settings.limits, declared))
    installation.state.settings = installation.settings

    listed = [one for one in client.get(LIMITS, headers=ROOT).json()["data"] if one["id"] == limit["id"]]

    assert [(one["origin"], one["shadowed"]) for one in listed] == [("file", False), ("database", True)]
    assert [one.amount for one in installation.catalog().limits if one.id == declared.id] == [3]


def test_a_keymaster_limits_the_keys_below_its_own_and_sees_no_other_limit(client: TestClient) -> None:
    pupil = child(client)
    made(client)
    limit = made(client, MASTER, scope=pupil)

    assert [one["id"] for one in client.get(LIMITS, headers=MASTER).json()["data"]] == [limit["id"]]
    assert client.get(DECLARED, headers=MASTER).status_code == 404
    for scope in ("key:alice", "key:master", "key:*", "global", "team:physics"):
        assert make(client, MASTER, scope=scope, window="hour").status_code == 403
    assert client.delete(f"{LIMITS}/{limit['id']}", headers=MASTER).status_code == 200
    assert {one["scope"] for one in client.get(LIMITS, headers=ALICE).json()["data"]} == {"key:alice"}
    assert make(client, ALICE, scope="key:alice", window="hour").status_code == 403


def test_a_keymaster_changes_and_resets_nothing_that_an_admin_made(client: TestClient) -> None:
    path = f"{LIMITS}/{made(client, scope=child(client))['id']}"

    assert client.get(path, headers=MASTER).status_code == 200
    assert client.patch(path, headers=MASTER, json={"amount": 10**6}).status_code == 403
    assert client.delete(path, headers=MASTER).status_code == 403
    assert client.post(f"{path}/reset", headers=MASTER, json={}).status_code == 403
    assert client.post(f"{path}/boost", headers=MASTER, json={"amount": 1, "until": LATER}).status_code == 403


def test_a_keymaster_gives_no_key_more_than_the_template_whose_place_its_limit_takes(client: TestClient) -> None:
    made(client, scope="key:*", amount=50)
    pupil = child(client)
    assert make(client, MASTER, scope=pupil, amount=51).status_code == 403
    path = f"{LIMITS}/{made(client, MASTER, scope=pupil, amount=50)['id']}"

    assert client.patch(path, headers=MASTER, json={"amount": 51}).status_code == 403
    assert client.post(f"{path}/boost", headers=MASTER, json={"amount": 1, "until": LATER}).status_code == 403


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
SAID = st.sampled_from(
    ["key:*", "global", "tokens", "cost_usd", "day", "interval:1h", "soft", "UTC", "1e9", "9999-12-31T23:59:59-12:00"]
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.dictionaries(st.sampled_from([*NewLimit.model_fields, "other"]), ANYTHING | SAID | st.lists(ANYTHING)),
    st.dictionaries(st.sampled_from([*NewBoost.model_fields]), ANYTHING | SAID),
)
def test_nothing_that_is_sent_is_an_accident(
    client: TestClient, body: dict[str, object], boost: dict[str, object]
) -> None:
    answer = make(client, **body)

    assert answer.status_code in (201, 409, 422), answer.text
    for one in client.get(LIMITS, headers=ROOT).json()["data"]:
        if one["origin"] == "database":
            path = f"{LIMITS}/{one['id']}"
            assert client.post(f"{path}/boost", headers=ROOT, json=boost).status_code in (200, 422)
            assert client.get(f"{path}/use", headers=ROOT).status_code == 200
            assert client.delete(path, headers=ROOT).status_code == 200


def test_limits_come_in_pages_and_may_be_searched(client: TestClient) -> None:
    for name in ("physics", "chemistry"):
        made(client, scope=f"team:{name}", metric="tokens", window="month", comment="Spring term")

    first = client.get(LIMITS, headers=ROOT, params={"limit": 3}).json()
    second = client.get(LIMITS, headers=ROOT, params={"limit": 3, "after": first["next"]}).json()
    found = client.get(LIMITS, headers=ROOT, params={"q": "SPRING", "scope": "team:physics"}).json()["data"]

    scopes = [one["scope"] for one in first["data"] + second["data"]]
    assert scopes[:2] == [TOKENS.scope, BUDGET.scope]
    assert sorted(scopes[2:]) == ["team:chemistry", "team:physics"]
    assert [one["scope"] for one in found] == ["team:physics"]
    assert "team:physics" in client.get(LIMITS, headers=ROOT, params={"format": "csv", "metric": "tokens"}).text


def test_of_two_who_change_the_same_limit_the_second_is_told(client: TestClient) -> None:
    path = f"{LIMITS}/{made(client)['id']}"
    seen = {**ROOT, "if-match": client.get(path, headers=ROOT).headers["etag"]}

    assert client.patch(path, headers=seen, json={"amount": 5}).status_code == 200
    for answer in (
        client.patch(path, headers=seen, json={"amount": 6}),
        client.post(f"{path}/boost", headers=seen, json={"amount": 5, "until": LATER}),
        client.delete(path, headers=seen),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert client.get(path, headers=ROOT).json()["amount"] == 5
