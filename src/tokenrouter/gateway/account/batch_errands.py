"""Batches in a provider's account: made from the caller's own input file, paid when they have ended."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.openai.files import BATCHES, FILES
from tokenrouter.domain.errors import InvalidRequest, ProviderError
from tokenrouter.domain.ownership import BatchInput, Debt, OwnedId
from tokenrouter.domain.prices import Price, ceiling_of, in_batches
from tokenrouter.gateway.account.batches import ENDED, Batches
from tokenrouter.gateway.account.errands import Asking, Errand, path_at
from tokenrouter.gateway.account.listings import listing
from tokenrouter.gateway.account.roads import Json, ask, silent_head, tell
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.lanes import Lane, lane_at_model
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import Upstream

_RESULT_FILES: Final = ("output_file_id", "error_file_id")
_text: Final = msgspec.json.Decoder(str)


class BatchErrands:
    """What may be asked about batches."""

    def __init__(self, ownership: Ownership, batches: Batches, new_id: Callable[[], str]) -> None:
        """`new_id` makes ids of ledger rows."""
        self._ownership = ownership
        self._batches = batches
        self._new_id = new_id

    async def begin(self, asking: Asking) -> Errand:
        """Make a batch, and hold what it may consume until it is paid.

        Raises:
            NotFound: the input file is not the caller's.
            InvalidRequest: it is no batch's input.
        """
        file = self._ownership.find(asking.owner, "file", _input_file_id(asking.asked.call.body))
        asks = file.batch_input
        if asks is None:
            raise InvalidRequest("The input file was not uploaded with the purpose 'batch'.", param="input_file_id")
        lane = self._lane_of(asking, file, asks)

        async def road(exchange: Exchange, upstream: Upstream) -> None:
            told = await ask(exchange, upstream)
            if told is None:
                return
            debt = Debt(self._new_id(), exchange.started_us, lane.subject, lane.scopes, exchange.held)
            owned = OwnedId(file.provider, "batch", told.text("id"), asking.owner, asking.now_s, debt=debt)
            await self._ownership.record(owned)
            self._batches.keep(debt, exchange.hand_over())
            tell(exchange, told)

        unlimited = lane.estimates.expected_output * asks.unlimited
        head = silent_head(least_output_tokens=asks.output_tokens + unlimited, size=asks.body_bytes)
        return Errand(lane, asking.asked.call, head, road, to_its_end=True)

    def _lane_of(self, asking: Asking, file: OwnedId, asks: BatchInput) -> Lane:
        """Return the lane to the model of the batch: it is charged as the model is."""
        asking.entry_of(file)
        at = f"{file.provider}/{asks.model}"
        lane = lane_at_model(asking.directory, asking.principal, BATCHES, asks.requested, at, books=asking.books)
        if lane is None:
            raise InvalidRequest(
                f"{asks.requested!r} no longer leads to where the file lies; upload it again.", param="input_file_id"
            )
        price = _price(asking, file, asks.model)
        ceiling = None if price is None else ceiling_of(price)
        return replace(lane, model_field=None, price=price, ceiling=ceiling, ceiling_varies=False)

    async def list(self, asking: Asking) -> Errand:
        """List the caller's batches."""

        async def learn(batch: Json) -> None:
            try:
                await self.learn(asking, batch)
            except ProviderError:
                return  # its results stay unknown to the register, and so unreadable, until it is paid

        return listing(asking, self._ownership, BATCHES, learn)

    async def look(self, asking: Asking) -> Errand:
        """Tell of one batch; if it has ended, it is paid before."""
        return self._errand(asking, "GET", "")

    async def cancel(self, asking: Asking) -> Errand:
        """End one batch early."""
        return self._errand(asking, "POST", "/cancel")

    def _errand(self, asking: Asking, method: str, action: str) -> Errand:
        owned = self._ownership.find(asking.owner, "batch", asking.asked.target.id)

        async def road(exchange: Exchange, upstream: Upstream) -> None:
            told = await ask(exchange, upstream)
            if told is not None:
                await self.learn(asking, {**told.value, "id": owned.id})
                tell(exchange, told)

        lane = asking.lane_to(owned, BATCHES, method, action)
        return Errand(lane, asking.asked.call, silent_head(), road, to_its_end=True)

    async def learn(self, asking: Asking, batch: Mapping[str, Any]) -> None:
        """Pay for a batch that has ended; then its results are the caller's to read.

        Raises:
            ProviderError: its results cannot be read; it stays owed.
            JournalUnavailable: it could not be written down.
        """
        owned = self._ownership.known(asking.owner, "batch", batch.get("id"))
        if owned is None or batch.get("status") not in ENDED:
            return
        files = [batch[name] for name in _RESULT_FILES if isinstance(batch.get(name), str)]
        if owned.debt is not None:
            price = _price(asking, owned, owned.debt.subject.model)
            await self._batches.pay(owned, batch, self._results(asking, owned, batch), price)
        for id_ in files:
            if self._ownership.known(asking.owner, "file", id_) is None:
                await self._ownership.record(OwnedId(owned.provider, "file", id_, asking.owner, asking.now_s))

    def _results(self, asking: Asking, owned: OwnedId, batch: Mapping[str, Any]) -> Lane | None:
        id_ = batch.get("output_file_id")
        if not isinstance(id_, str):
            return None
        entry = asking.entry_of(owned)
        path = f"{path_at(entry, FILES)}/{quote(id_, safe='')}/content"
        return asking.lane(entry, FILES, "GET", path, {})


def _price(asking: Asking, owned: OwnedId, model: str) -> Price | None:
    """Return what `model` costs in batches, or None where nobody said."""
    price = asking.directory.price(owned.provider, model)
    percent = asking.entry_of(owned).adapter.quirks.batch_price_percent
    return None if price is None else in_batches(price, percent)


def _input_file_id(body: bytes) -> str:
    raw = peek_object(body).fields.get("input_file_id")
    try:
        return _text.decode(raw if raw is not None else b"null")
    except msgspec.DecodeError:
        raise InvalidRequest("The field 'input_file_id' must name a file.", param="input_file_id") from None
