"""What is remembered of providers' quotas."""

from pathlib import Path

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.quotas import QuotaMetric, measured
from tokenrouter.jobs.quota_book import MAX_SEEN, QuotaBook
from tokenrouter.providers.quota_questions import QuotaReading

NOW_S = 1_795_600_000.0
PROVIDER = Provider("mine", "deepseek", "https://api.deepseek.com", secret="k")


def book(folder: Path) -> QuotaBook:
    return QuotaBook(folder / "cache" / "quotas.json")


def metric(key: str = "requests_1d", left: float = 40, now_s: float = NOW_S, window: str = "1d") -> QuotaMetric:
    return measured(key, "requests", "requests", now_s=now_s, window=window, limit=100, remaining=left)


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    (snapshot,) = book(tmp_path).snapshots([PROVIDER], NOW_S)

    assert (snapshot.status, snapshot.reader, snapshot.metrics) == ("loading", "deepseek_balance", ())
    assert (snapshot.display_name, snapshot.checked_at_s) == ("DeepSeek", 0.0)


def test_what_headers_said_and_what_was_answered_stand_side_by_side(tmp_path: Path) -> None:
    known = book(tmp_path)
    known.answered(PROVIDER, QuotaReading((metric("credits", 70),), "paid"), NOW_S)
    known.see(PROVIDER, [metric(left=40)], NOW_S + 1)
    known.see(PROVIDER, [metric(left=39), metric("tokens_1d", 90)], NOW_S + 2)

    (snapshot,) = known.snapshots([PROVIDER], NOW_S + 3)

    assert [(one.key, one.left_percent) for one in snapshot.metrics] == [
        ("credits", 70),
        ("requests_1d", 39),
        ("tokens_1d", 90),
    ]
    assert (snapshot.status, snapshot.plan_type, snapshot.checked_at_s) == ("ok", "paid", NOW_S + 2)


def test_the_last_good_word_is_shown_while_questions_fail(tmp_path: Path) -> None:
    known = book(tmp_path)
    known.answered(PROVIDER, QuotaReading((metric(),)), NOW_S)
    known.failed(PROVIDER, "it is away")

    (snapshot,) = known.snapshots([PROVIDER], NOW_S + 60)
    assert (snapshot.status, snapshot.error, len(snapshot.metrics)) == ("error", "it is away", 1)

    known.answered(PROVIDER, QuotaReading((metric(left=1),)), NOW_S + 90)
    (snapshot,) = known.snapshots([PROVIDER], NOW_S + 91)
    assert (snapshot.status, snapshot.error) == ("ok", "")


def test_a_server_that_has_no_such_question_is_read_by_its_headers(tmp_path: Path) -> None:
    known = book(tmp_path)
    known.found_no_question(PROVIDER)

    (snapshot,) = known.snapshots([PROVIDER], NOW_S)

    assert (snapshot.reader, snapshot.status) == ("headers", "loading")


def test_ended_windows_are_whole_and_then_forgotten(tmp_path: Path) -> None:
    known = book(tmp_path)
    wait = measured("retry_after", "requests", "requests", now_s=NOW_S, remaining=0, reset_at_s=NOW_S + 5)
    known.see(PROVIDER, [metric("requests_1m", 0, window="1m"), wait], NOW_S)

    def left(after_s: float) -> dict[str, float | None]:
        (snapshot,) = known.snapshots([PROVIDER], NOW_S + after_s)
        return {one.key: one.left_percent for one in snapshot.metrics}

    assert left(4) == {"requests_1m": 0, "retry_after": 0}
    assert left(61) == {"requests_1m": 100}
    assert left(86_401) == {}


def test_a_restart_remembers_it_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    known = book(tmp_path)
    known.answered(PROVIDER, QuotaReading((metric(),), "paid"), NOW_S)
    known.save()

    assert (tmp_path / "cache" / "quotas.json").stat().st_mode & 0o777 == 0o600
    assert book(tmp_path).snapshots([PROVIDER], NOW_S) == known.snapshots([PROVIDER], NOW_S)


def test_a_damaged_file_is_forgotten_and_one_that_cannot_be_written_is_borne(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    known = book(tmp_path)
    known.see(PROVIDER, [metric()], NOW_S)

    known.save()

    assert known.snapshots([PROVIDER], NOW_S)[0].status == "ok"
    (tmp_path / "quotas.json").write_text("{broken")
    assert QuotaBook(tmp_path / "quotas.json").snapshots([PROVIDER], NOW_S)[0].status == "loading"


def test_a_provider_that_moved_or_went_is_forgotten(tmp_path: Path) -> None:
    known = book(tmp_path)
    known.see(PROVIDER, [metric()], NOW_S)
    moved = Provider("mine", "deepseek", "http://127.0.0.1:9", secret="k")

    assert known.snapshots([moved], NOW_S)[0].status == "loading"
    known.see(moved, [metric()], NOW_S)
    known.keep([])
    assert known.snapshots([moved], NOW_S)[0].status == "loading"


def test_disabled_providers_and_a_look_that_is_switched_off_are_told_so(tmp_path: Path) -> None:
    known = book(tmp_path)
    off = Provider("off", "groq", "https://api.groq.com/openai/v1", enabled=False)

    assert known.snapshots([off], NOW_S)[0].status == "disabled"
    assert known.snapshots([PROVIDER], NOW_S, is_on=False)[0].status == "disabled"


def test_many_kinds_of_limits_are_bounded_and_the_latest_stay(tmp_path: Path) -> None:
    known = book(tmp_path)
    for number in range(3 * MAX_SEEN):
        known.see(PROVIDER, [metric(f"k{number}", now_s=NOW_S + number)], NOW_S + number)

    metrics = known.snapshots([PROVIDER], NOW_S)[0].metrics

    assert [one.key for one in metrics] == [f"k{number}" for number in range(2 * MAX_SEEN, 3 * MAX_SEEN)]


def test_where_there_is_no_account_nothing_can_be_used_up(tmp_path: Path) -> None:
    own = Provider("own", "ollama", "http://127.0.0.1:11434/v1")
    free = Provider("free", "opencode-zen", "https://opencode.ai/zen/v1")

    shown = book(tmp_path).snapshots([own, free], NOW_S)

    assert [(one.status, one.plan_type) for one in shown] == [("ok", "local"), ("ok", "public")]
