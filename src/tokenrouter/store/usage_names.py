"""What each name used in a time, and all of them together, from whichever sums say it with the fewest rows.

Where one dimension says whose use is meant (everybody's, one team's, …) and it is told by name, the sums of that
dimension are read: some rows for each name. The daily sums, which know every pair of key and model, have a row for each
of those: a month of a busy installation is a hundred thousand. They answer what is asked of two dimensions together.
"""

from typing import Final

from tokenrouter.store.activity_figures import Part, added, usage_sums_of
from tokenrouter.store.activity_rollups import costliest_of
from tokenrouter.store.activity_sums import DAY_S
from tokenrouter.store.engine import Store
from tokenrouter.store.usage import MAX_GROUPS, Grouping, UsageFilter, UsageGroup, UsageSums, usage_groups, usage_sums
from tokenrouter.store.usage_days import day_start, one_dimension, sums_by_day

_LAST_DAY: Final = "9999-12-30"
"""The last after which there is a day; nobody can ask for a later one."""


def groups_of(store: Store, wanted: UsageFilter, by: Grouping) -> list[UsageGroup]:
    """Return the same as `usage_groups`, but of tokens only the kinds that are told."""
    if by == "day":
        return [UsageGroup(day, usage_sums_of(used)) for day, used in sums_by_day(store, wanted).items()][:MAX_GROUPS]
    said = one_dimension(wanted)
    if said is None or said[0] not in ("all", by):
        return usage_groups(store, wanted, by)
    names = None if said[0] == "all" else said[1]
    since_s, until_s = _ends(wanted)
    with store.read() as connection:
        return [_group(part, by) for part in costliest_of(connection, by, since_s, until_s, names, MAX_GROUPS)]


def sums_of_all(store: Store, wanted: UsageFilter) -> UsageSums:
    """Return the same as `usage_sums`, but of tokens only the kinds that are told."""
    if one_dimension(wanted) is None:
        return usage_sums(store, wanted)
    return usage_sums_of(added(sums_by_day(store, wanted).values()))


def _ends(wanted: UsageFilter) -> tuple[int, int]:
    """Return when the first day begins, and when the last one ends; there was nothing before 1970."""
    since_s = max(0, day_start(wanted.since_day)) if wanted.since_day else 0
    return since_s, day_start(wanted.until_day or _LAST_DAY) + DAY_S


def _group(part: Part, by: Grouping) -> UsageGroup:
    sums = usage_sums_of(part.amounts)
    if by == "key":
        return UsageGroup(part.label, sums, key_id=part.name)
    return UsageGroup(part.name, sums)
