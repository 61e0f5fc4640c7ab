"""What is known of providers' quotas: what answers' headers said, and what was answered when somebody asked.

The last good word is kept while questions fail, and across restarts: a provider that is away for an hour has the same
limits when it is back. It lies beside the cache of models, readable by its owner alone, since it says what an account
has and pays.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot, QuotaStatus
from tokenrouter.providers.presets import Preset, preset
from tokenrouter.providers.quota_headers import MAX_METRICS
from tokenrouter.providers.quota_questions import QuotaReading, quota_question

FILE_NAME: Final = "quotas.json"
HEADERS: Final = "headers"
"""The reader of providers that are not asked."""
MAX_SEEN: Final = 2 * MAX_METRICS
"""Most metrics of one provider that are remembered from headers: models may differ in what they tell."""
STALE_S: Final = 86_400.0
"""A metric is forgotten when nothing has told it anew for so long, and its window is over."""

log = structlog.get_logger(__name__)


class QuotaRecord(msgspec.Struct):
    """One provider.

    Attributes:
        base_url, kind: where and what it was; a provider that became another one is looked at anew.
        asked: what was answered; `seen`: what headers said, by key.
        plan_type: the vendor's word for the account's plan.
        checked_at_s: when anything was told last.
        problem: why the last question was not answered, or "".
        lacks_question: it answered that there is no such question: it is not the vendor itself, but speaks like it.
    """

    base_url: str
    kind: str
    asked: tuple[QuotaMetric, ...] = ()
    seen: dict[str, QuotaMetric] = {}
    plan_type: str = ""
    checked_at_s: float = 0.0
    problem: str = ""
    lacks_question: bool = False


_decode: Final = msgspec.json.Decoder(dict[str, QuotaRecord]).decode


class QuotaBook:
    """What is known of every provider. One per control process; used on its event loop alone."""

    def __init__(self, cache_file: Path) -> None:
        self._cache_file = cache_file
        self._records = read_records(cache_file)
        self._is_changed = False

    def record(self, provider: Provider) -> QuotaRecord:
        """Return what is known; a provider that moved is begun anew."""
        known = self._records.get(provider.name)
        if known is None or (known.base_url, known.kind) != (provider.base_url, provider.kind):
            known = self._records[provider.name] = QuotaRecord(provider.base_url, provider.kind)
        return known

    def see(self, provider: Provider, metrics: Iterable[QuotaMetric], now_s: float) -> None:
        """Write down what an answer's headers said."""
        record = self.record(provider)
        record.seen |= {metric.key: metric for metric in metrics}
        if len(record.seen) > MAX_SEEN:
            latest = sorted(record.seen.values(), key=lambda one: one.told_at_s)[-MAX_SEEN:]
            record.seen = {metric.key: metric for metric in latest}
        record.checked_at_s, self._is_changed = now_s, True

    def answered(self, provider: Provider, reading: QuotaReading, now_s: float) -> None:
        """Write down what was answered."""
        record = self.record(provider)
        record.asked, record.plan_type, record.problem = reading.metrics, reading.plan_type, ""
        record.checked_at_s, record.lacks_question, self._is_changed = now_s, False, True

    def failed(self, provider: Provider, problem: str) -> None:
        """Write down why a question was not answered; what was told before stays."""
        self.record(provider).problem, self._is_changed = problem, True

    def found_no_question(self, provider: Provider) -> None:
        """Write down that there is nobody to ask: only headers tell of this provider."""
        record = self.record(provider)
        record.problem, record.lacks_question, self._is_changed = "", True, True

    def keep(self, providers: Iterable[Provider]) -> None:
        """Forget all but `providers`, which are those of the Catalog."""
        names = {provider.name for provider in providers}
        for name in [name for name in self._records if name not in names]:
            del self._records[name]
            self._is_changed = True

    def save(self) -> None:
        """Replace the file if anything has changed."""
        if self._is_changed:
            self._is_changed = False
            write_records(self._cache_file, self._records)

    def snapshots(self, providers: Iterable[Provider], now_s: float, *, is_on: bool = True) -> list[QuotaSnapshot]:
        """Return what may be shown of `providers`, in their order."""
        return [snapshot_of(provider, self.record(provider), now_s, is_on=is_on) for provider in providers]


def snapshot_of(provider: Provider, record: QuotaRecord, now_s: float, *, is_on: bool = True) -> QuotaSnapshot:
    """Return what is known of `provider` as it is now; `is_on`: whether anybody looks."""
    row, question = preset(provider.kind), quota_question(provider.kind)
    metrics = tuple(_current([*record.asked, *record.seen.values()], now_s))
    return QuotaSnapshot(
        provider=provider.name,
        kind=provider.kind,
        display_name=provider.name if row is None else row.display_name,
        reader=HEADERS if question is None or record.lacks_question else question.name,
        status=_status(provider, record, row, is_on=is_on),
        plan_type=record.plan_type or _unlimited(provider, row),
        error=record.problem if provider.enabled and is_on else "",
        checked_at_s=record.checked_at_s,
        metrics=metrics,
    )


def _current(metrics: Iterable[QuotaMetric], now_s: float) -> Iterable[QuotaMetric]:
    """Yield metrics as they are now, without those of which nothing can be said any more."""
    for metric in metrics:
        is_over = now_s >= metric.ends_at_s
        if is_over and (metric.limit_value is None or now_s - metric.told_at_s > max(STALE_S, metric.window_seconds)):
            continue
        yield metric.at(now_s)


def _unlimited(provider: Provider, row: Preset | None) -> str:
    """Return in what way a provider has no account of which anything could be used up, or ""."""
    if row is not None and row.local:
        return "local"
    return "public" if row is not None and row.public_free and not provider.secret else ""


def _status(provider: Provider, record: QuotaRecord, row: Preset | None, *, is_on: bool) -> QuotaStatus:
    if not provider.enabled or not is_on:
        return "disabled"
    if record.problem:
        return "error"
    return "ok" if record.checked_at_s or _unlimited(provider, row) else "loading"


def read_records(path: Path) -> dict[str, QuotaRecord]:
    """Return what a server has kept; nothing where there is no file, or one that cannot be read."""
    try:
        return _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}


def write_records(path: Path, records: Mapping[str, QuotaRecord]) -> None:
    """Replace the file (mode 0600); one that cannot be written is no reason to stop."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(records))
        fresh.replace(path)
    except OSError as error:
        log.warning("the cache of quotas cannot be written", reason=str(error))
