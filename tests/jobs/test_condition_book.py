from tokenrouter.domain.conditions import Condition
from tokenrouter.jobs.condition_book import ConditionBook


def test_status_and_quota_come_from_different_places_and_stand_together() -> None:
    book = ConditionBook()
    book.note_left("a", 0.5)
    book.note_status("a", "online", 100.0)
    book.note_status("b", "offline", 101.0)

    assert book.current() == {"a": Condition("online", 0.5, 100.0), "b": Condition("offline", None, 101.0)}
    assert book.of("c") == Condition()


def test_news_is_told_once() -> None:
    book = ConditionBook()
    assert book.news() is None

    book.note_status("a", "online", 100.0)

    assert book.news() == {"a": Condition("online", None, 100.0)}
    assert book.news() is None


def test_another_look_with_the_same_outcome_is_no_news() -> None:
    book = ConditionBook()
    book.note_status("a", "online", 100.0)
    book.note_left("a", 0.501)
    book.news()

    book.note_status("a", "online", 1000.0)
    book.note_left("a", 0.503)
    assert book.news() is None

    book.note_left("a", 0.49)
    assert book.news() == {"a": Condition("online", 0.49, 1000.0)}
    book.note_left("a", None)
    assert book.news() == {"a": Condition("online", None, 1000.0)}


def test_a_provider_that_is_gone_is_forgotten_and_that_is_news() -> None:
    book = ConditionBook()
    book.note_status("a", "online", 100.0)
    book.note_status("b", "online", 100.0)
    book.news()

    book.keep(["b", "c"])

    assert book.news() == {"b": Condition("online", None, 100.0)}
