"""Settings that may be changed while everything runs: read here from the file, and from what the database has over it.

All of them take effect without a restart. What needs one (addresses, sizes, where things lie) is not among them, and
neither is what would let an administrator of the gateway reach into its machine (`allow_private_providers`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from tokenrouter.config.keeping import read_cache_rules
from tokenrouter.config.problems import InvalidValues, Problem, refuse_problems
from tokenrouter.config.settings import Settings
from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import OnJournalFailure, Policy, UnboundedInput, Unpriced
from tokenrouter.domain.limit_text import Mistake, suggestion

MIN_RETENTION_DAYS: Final = 35
"""A month has 31 days, in any time zone 32; the rest is for rows that arrive late."""
CHANGEABLE: Final = (
    "auto_detect_local_servers",
    "auto_enable_public_free_models",
    "auto_remove_empty_quota_tokens",
    "auto_remove_expired_tokens",
    "cache.models",
    "cache.share_in_flight",
    "cache.teams",
    "cache.ttl_s",
    "default_provider",
    "discovery",
    "hold_first_byte_s",
    "keep_alive_s",
    "ledger_retention_days",
    "allow_unpriced",
    "max_concurrent_requests",
    "max_concurrent_wait_s",
    "max_waiting_requests",
    "on_journal_failure",
    "quota_in_answers",
    "quota_inspection",
    "quota_wait_s",
    "responses_store_default",
    "soft_limit_alerts",
    "unbounded_input",
    "unpriced",
)
"""By their path in the file."""


def read_changeable(top: Table, usual: Settings) -> Settings:
    """Return `usual` with what `top` says of the changeable settings; mistakes are noted in it."""
    return replace(
        usual,
        policy=_policy(top, usual),
        default_provider=top.text("default_provider", usual.default_provider),
        ledger_retention_days=_retention_days(top, usual.ledger_retention_days),
        auto_remove_expired_tokens=top.flag("auto_remove_expired_tokens", usual.auto_remove_expired_tokens),
        auto_remove_empty_quota_tokens=top.flag("auto_remove_empty_quota_tokens", usual.auto_remove_empty_quota_tokens),
        soft_limit_alerts=_soft_limit_alerts(top, usual.soft_limit_alerts),
        discovery=top.flag("discovery", usual.discovery),
        quota_inspection=top.flag("quota_inspection", usual.quota_inspection),
        auto_detect_local_servers=top.flag("auto_detect_local_servers", usual.auto_detect_local_servers),
        auto_enable_public_free_models=top.flag("auto_enable_public_free_models", usual.auto_enable_public_free_models),
    )


def with_changes(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return `settings` as `changes` would have them, which are by the settings' paths.

    Raises:
        InvalidValues: what cannot be changed, and every value that cannot be.
    """
    unknown = [
        Mistake(name, f"cannot be changed at run time; {suggestion(name, CHANGEABLE)}")
        for name in changes
        if name not in CHANGEABLE
    ]
    if unknown:
        raise InvalidValues(unknown)
    problems: list[Problem] = []
    changed = read_changeable(Table(_nested(changes), "", "", {}, problems), settings)
    refuse_problems(problems)
    return changed


def _nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in changes.items():
        section, dot, key = name.rpartition(".")
        (nested.setdefault(section, {}) if dot else nested)[key] = value
    return nested


def _policy(top: Table, settings: Settings) -> Policy:
    usual = settings.policy
    return Policy(
        max_concurrent_requests=top.count("max_concurrent_requests", usual.max_concurrent_requests),
        max_concurrent_wait_s=top.seconds("max_concurrent_wait_s", usual.max_concurrent_wait_s),
        max_waiting_requests=top.count("max_waiting_requests", usual.max_waiting_requests),
        hold_first_byte_s=top.seconds("hold_first_byte_s", usual.hold_first_byte_s, least=0.1),
        keep_alive_s=top.seconds("keep_alive_s", usual.keep_alive_s, least=0.1),
        responses_store_default=top.flag("responses_store_default", usual.responses_store_default),
        quota_wait_s=top.seconds("quota_wait_s", usual.quota_wait_s),
        quota_in_answers=top.flag("quota_in_answers", usual.quota_in_answers),
        unpriced=cast(Unpriced, top.choice("unpriced", ("allow", "deny"), usual.unpriced)),
        allow_unpriced=top.flag("allow_unpriced", usual.allow_unpriced),
        unbounded_input=cast(UnboundedInput, top.choice("unbounded_input", ("allow", "deny"), usual.unbounded_input)),
        on_journal_failure=cast(
            OnJournalFailure, top.choice("on_journal_failure", ("refuse", "serve"), usual.on_journal_failure)
        ),
        cache=read_cache_rules(top, settings.teams, usual.cache),
    )


def _soft_limit_alerts(top: Table, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Return at how many percent soft limits are told of; an empty array tells nothing."""
    if not top.has("soft_limit_alerts"):
        return usual
    thresholds = top.raw("soft_limit_alerts")
    if not isinstance(thresholds, list) or not all(type(one) is int and 0 < one <= 1000 for one in thresholds):
        top.problem("soft_limit_alerts", "must be an array of whole numbers from 1 to 1000, like [80, 100]")
        return ()
    return tuple(sorted(set(thresholds)))


def _retention_days(top: Table, usual: int) -> int:
    """Return for how many days ledger rows are kept; rows of a month that a limit may still count are never deleted."""
    days = top.count("ledger_retention_days", usual)
    if 0 < days < MIN_RETENTION_DAYS:
        top.problem(
            "ledger_retention_days",
            f"{days} is less than {MIN_RETENTION_DAYS}: limits by the month are counted from these rows",
            "0 keeps them for ever",
        )
        return 0
    return days
