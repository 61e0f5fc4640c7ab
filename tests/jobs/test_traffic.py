from tokenrouter.domain.ledger import Ended, EndReason, Operation, Subject, Usage
from tokenrouter.jobs.traffic import Shown, Traffic
from tokenrouter.observe.figures import Figures


def record(
    figures: Figures, provider: str, status: int, reason: EndReason, code: str = "", operation: Operation = "chat"
) -> None:
    figures.record(Subject(operation, provider=provider), Ended("r", 0, Usage(), status, reason, code))


def test_what_is_new_is_told_once_and_by_provider() -> None:
    figures, traffic = Figures(), Traffic()
    record(figures, "a", 200, "completed")
    record(figures, "b", 502, "provider_unreachable", "provider_unreachable")
    record(figures, "b", 504, "provider_timeout", "provider_timeout")
    record(figures, "b", 503, "provider_error", "provider_refused")
    record(figures, "c", 502, "provider_error", "provider_credentials_rejected")
    record(figures, "c", 404, "provider_error", "model_not_found")

    assert traffic.news({"w": figures.snapshot()}) == {
        "a": Shown(answered=1),
        "b": Shown(failed=3),
        "c": Shown(denied=1, missing=1),
    }
    assert traffic.news({"w": figures.snapshot()}) == {}
    record(figures, "a", 200, "completed")
    assert traffic.news({"w": figures.snapshot()}) == {"a": Shown(answered=1)}


def test_workers_are_added_up_and_a_new_one_begins_at_nothing() -> None:
    first, second, traffic = Figures(), Figures(), Traffic()
    record(first, "a", 200, "completed")
    traffic.news({"1": first.snapshot()})
    record(first, "a", 200, "completed")
    record(second, "a", 200, "completed")

    assert traffic.news({"1": first.snapshot(), "2": second.snapshot()}) == {"a": Shown(answered=2)}
    assert traffic.news({"3": second.snapshot()}) == {"a": Shown(answered=1)}


def test_what_clients_did_wrong_says_nothing_of_the_provider() -> None:
    figures = Figures()
    record(figures, "a", 400, "client_error", "provider_refused")
    record(figures, "a", 200, "client_disconnect")
    record(figures, "", 404, "client_error", "model_not_found")

    assert Traffic().news({"w": figures.snapshot()}) == {"a": Shown()}


def test_tokens_that_were_counted_here_say_nothing_of_the_provider() -> None:
    figures = Figures()
    record(figures, "a", 200, "completed", operation="count_tokens")

    assert Traffic().news({"w": figures.snapshot()}) == {}
