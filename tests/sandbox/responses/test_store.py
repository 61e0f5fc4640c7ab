"""What is stored is found by its owner, until it is deleted or too old."""

from tokenrouter.sandbox.responses import store as response_store
from tokenrouter.sandbox.responses.store import ResponseStore, StoredResponse

THOUGHT: dict[str, object] = {"id": "rs_1", "type": "reasoning"}
CALL: dict[str, object] = {"id": "fc_1", "type": "function_call"}


def stored(name: str, *output: dict[str, object], owner: str = "me", size: int = 0) -> StoredResponse:
    return StoredResponse(owner, {"id": name}, (), output, size)


def test_only_the_owner_finds_a_response() -> None:
    store = ResponseStore()
    response = stored("resp_1", CALL)
    store.add(response)

    assert store.find("me", "resp_1") is response
    assert store.find("you", "resp_1") is None
    assert store.item("me", "fc_1") == CALL
    assert store.item("you", "fc_1") is None


def test_it_is_known_which_item_a_thought_led_to() -> None:
    store = ResponseStore()
    store.add(stored("resp_1", THOUGHT, CALL, {"id": "fc_2", "type": "function_call"}))

    assert store.thought_before("me", "fc_1") == "rs_1"
    assert store.item_after("me", "rs_1") == "fc_1"
    assert store.thought_before("me", "fc_2") is None


def test_nothing_is_left_of_a_deleted_one() -> None:
    store = ResponseStore()
    store.add(stored("resp_1", THOUGHT, CALL))

    assert not store.delete("you", "resp_1")
    assert store.delete("me", "resp_1")
    assert not store.delete("me", "resp_1")
    assert store.item("me", "fc_1") is None
    assert store.item_after("me", "rs_1") is None


def test_the_oldest_makes_room() -> None:
    store = ResponseStore()
    for number in range(response_store.MAX_RESPONSES + 1):
        store.add(stored(f"resp_{number}"))

    assert store.find("me", "resp_0") is None
    assert store.find("me", "resp_1")


def test_large_ones_make_room_earlier() -> None:
    store = ResponseStore()
    for number in range(3):
        store.add(stored(f"resp_{number}", size=response_store.MAX_BYTES // 2))

    assert store.find("me", "resp_0") is None
    assert store.find("me", "resp_1")
