"""The head of each account's last answer, until somebody reads what it says of the provider's limits.

On the road of a request that is one assignment: what headers mean is worked out about once a second, for as many
answers as there are accounts, however many requests there were.
"""

from collections.abc import Mapping

from tokenrouter.domain.catalog import provider_of
from tokenrouter.domain.quotas import QuotaMetric
from tokenrouter.gateway.directory import ProviderEntry
from tokenrouter.providers.presets import preset
from tokenrouter.providers.quota_headers import USUAL, QuotaHabits, read_quota_headers, tells_quota

AnswerHeads = dict[str, Mapping[bytes, bytes]]
"""Headers, with lower-case names, by account (`Lane.account`)."""


def take_quotas(
    heads: AnswerHeads, providers: Mapping[str, ProviderEntry], now_s: float
) -> dict[str, tuple[QuotaMetric, ...]]:
    """Return what `heads` say of limits, by account, and empty them; nothing of those who say nothing."""
    taken = dict(heads)
    heads.clear()
    found = {
        name: read_quota_headers(headers, _habits(entry), now_s)
        for name, headers in taken.items()
        if (entry := providers.get(provider_of(name))) is not None and tells_quota(headers)
    }
    return {name: metrics for name, metrics in found.items() if metrics}


def _habits(entry: ProviderEntry) -> QuotaHabits:
    row = preset(entry.provider.kind)
    return USUAL if row is None else row.quota
