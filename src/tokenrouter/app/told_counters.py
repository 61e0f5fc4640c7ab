"""What data processes ask of the ledger: counters to begin with, and sums of what is counted elsewhere."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tokenrouter.app.channel import CountersMessage, CountersWanted, SumsMessage, SumsWanted
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.store.errors import StoreError

log = structlog.get_logger(__name__)


async def tell_counters(drain: LedgerDrain, wanted: CountersWanted) -> CountersMessage:
    """Tell what has been used of limits, once every dead process's journal is in."""
    while True:
        try:
            figures = await asyncio.to_thread(drain.figures)
        except (StoreError, SQLAlchemyError, OSError) as error:
            log.warning("counters cannot be restored yet", reason=str(error))
            await asyncio.sleep(1.0)
            continue
        told = figures.limit_ids.intersection(wanted.limit_ids)
        used = [(*counter, amount) for counter, amount in figures.together().items() if counter[0] in told]
        past = [(*counter, past) for counter, past in figures.past.items() if counter[0] in told]
        return CountersMessage(wanted.asked, sorted(told), used, past, figures.adjusted)


async def tell_sums(drain: LedgerDrain, wanted: SumsWanted) -> SumsMessage:
    """Tell what ended requests used of limits that are counted elsewhere."""
    try:
        sums = await asyncio.to_thread(drain.sums, wanted.limit_ids, wanted.counted)
    except (StoreError, SQLAlchemyError, OSError) as error:
        return SumsMessage(wanted.asked, problem=f"the database is away: {error}"[:500])
    return SumsMessage(
        wanted.asked,
        [(*counter, amount) for counter, amount in sums.used.items()],
        [(*counter, one) for counter, one in sums.past.items()],
        adjusted=sums.adjusted,
    )
