import pytest

from tests.store.entries import entry
from tokenrouter.domain.ledger import Begun, Ended, Subject, Usage, entry_of, has_failed


def test_a_row_has_what_was_known_before_and_what_came_after() -> None:
    ended = Ended("req_1", 5, Usage(1, 2), 200, "completed", cost_nano_usd=7, first_token_us=3)
    row = entry_of(Subject("chat", key_id="k", model="m"), Begun("req_1", 5, bytes_in=9), ended)

    assert (row.id, row.key_id, row.model, row.bytes_in) == ("req_1", "k", "m", 9)
    assert (row.usage, row.cost_nano_usd, row.first_token_us, row.end_reason) == (Usage(1, 2), 7, 3, "completed")


def test_what_was_decided_for_one_request_stands_in_place_of_what_holds_for_all_of_its_subject() -> None:
    subject, begun = Subject("chat", decision="usual"), Begun("req_1", 5)
    ended = Ended("req_1", 5, Usage(), 200, "completed")

    assert entry_of(subject, begun, ended).decision == entry_of(subject, begun).decision == "usual"
    assert entry_of(subject, begun, ended._replace(decision="this")).decision == "this"


def test_a_request_without_an_end_was_interrupted() -> None:
    row = entry_of(Subject("chat"), Begun("req_1", 5))

    assert (row.end_reason, row.status, row.cost_nano_usd) == ("interrupted", 0, None)


@pytest.mark.parametrize(
    ("end_reason", "status", "failed"),
    [
        ("completed", 200, False),
        ("client_disconnect", 200, False),
        ("completed", 400, True),
        ("provider_cut", 200, True),
        ("interrupted", 0, True),
    ],
)
def test_failed_is_what_did_not_deliver(end_reason: str, status: int, failed: bool) -> None:
    assert has_failed(entry("01", end_reason=end_reason, status=status)) is failed
