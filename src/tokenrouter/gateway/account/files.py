"""Files in a provider's account: each tenant reads, lists and deletes its own.

The input file of a batch is read while it is uploaded: that is the one time when its lines are at hand, and the lines
say what a batch of it may consume.
"""

import asyncio
from dataclasses import replace

from tokenrouter.dialects.multipart import MultipartForm, read_form
from tokenrouter.dialects.openai.files import FILES
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.ownership import BatchInput, OwnedId
from tokenrouter.gateway.account.batch_input import BatchReader
from tokenrouter.gateway.account.errands import Asking, Errand, path_at
from tokenrouter.gateway.account.listings import listing
from tokenrouter.gateway.account.references import require_own_references
from tokenrouter.gateway.account.roads import Json, ask, silent_head, tell
from tokenrouter.gateway.choices import routes_of
from tokenrouter.gateway.directory import ProviderEntry
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import Upstream
from tokenrouter.gateway.roads import travel
from tokenrouter.gateway.routing import alias_of, resolve


class FileErrands:
    """What may be asked about files."""

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership

    async def upload(self, asking: Asking) -> Errand:
        """Store a file in the name of the caller.

        Raises:
            InvalidRequest: the form cannot be read, or is no batch though it says so.
            ModelNotFound, ModelNotAllowed: a batch asks for what the key may not use.
        """
        entry, call = asking.entry(), asking.asked.call
        form = read_form(call.body)
        asks: BatchInput | None = None
        if form.text("purpose") == "batch":
            asks, body = await asyncio.to_thread(self._read_batch, asking, entry, form)
            call = replace(call, body=body)

        async def road(exchange: Exchange, upstream: Upstream) -> None:
            told = await ask(exchange, upstream)
            if told is not None:
                owned = OwnedId(
                    entry.provider.name, "file", told.text("id"), asking.owner, int(call.now_s), batch_input=asks
                )
                await self._ownership.record(owned)
                tell(exchange, told)

        head = silent_head(headers=b"content-type: %b\r\n" % form.content_type)
        return Errand(asking.lane(entry, FILES, "POST", path_at(entry, FILES), {}), call, head, road, to_its_end=True)

    async def list(self, asking: Asking) -> Errand:
        """List the caller's files."""

        async def learn(_: Json) -> None: ...

        return listing(asking, self._ownership, FILES, learn)

    async def look(self, asking: Asking) -> Errand:
        """Tell of one file."""
        lane = asking.lane_to(self._find(asking), FILES, "GET")
        return Errand(lane, asking.asked.call, silent_head(), _pass_on)

    async def content(self, asking: Asking) -> Errand:
        """Give out what is in one file, unread."""
        head = silent_head()
        head.answer = "bytes"
        lane = asking.lane_to(self._find(asking), FILES, "GET", "/content")
        return Errand(lane, asking.asked.call, head, travel)

    async def delete(self, asking: Asking) -> Errand:
        """Delete one file."""
        owned = self._find(asking)

        async def road(exchange: Exchange, upstream: Upstream) -> None:
            told = await ask(exchange, upstream)
            if told is not None:
                await self._ownership.forget(owned)
                tell(exchange, told)

        lane = asking.lane_to(owned, FILES, "DELETE")
        return Errand(lane, asking.asked.call, silent_head(), road, to_its_end=True)

    def _find(self, asking: Asking) -> OwnedId:
        return self._ownership.find(asking.owner, "file", asking.asked.target.id)

    def _read_batch(self, asking: Asking, entry: ProviderEntry, form: MultipartForm) -> tuple[BatchInput, bytes]:
        """Return what the form's file asks for, and the form with the provider's names of models in it."""
        part = next((part for part in form.parts if part.is_file and part.name == "file"), None)
        if part is None or form.files > 1:
            raise InvalidRequest("The form needs one file under the name 'file'.", param="file")
        owner, provider = asking.owner, entry.provider.name
        reader = BatchReader(
            lambda model: _model_at(asking, entry, model),
            lambda body: require_own_references(body, owner, provider, self._ownership),
        )
        asks, content = reader.read(form.body[part.start : part.end])
        return asks, b"".join(form.with_content(part, content))


async def _pass_on(exchange: Exchange, upstream: Upstream) -> None:
    told = await ask(exchange, upstream)
    if told is not None:
        tell(exchange, told)


def _model_at(asking: Asking, entry: ProviderEntry, requested: str) -> tuple[str, str]:
    """Return the name that leads to the model, and what `entry` calls it; a name without a prefix is its own."""
    name = entry.provider.name
    prefix = requested.partition("/")[0]
    is_ours = (
        prefix in asking.directory.providers or alias_of(asking.directory, asking.principal, requested) is not None
    )
    full_name = requested if is_ours else f"{name}/{requested}"
    choice = resolve(asking.directory, asking.principal, full_name)
    route = next((route for route in routes_of(choice) if route.entry is entry), None)
    if route is None:
        raise InvalidRequest(
            f"The batch asks for {requested!r}, which provider {name!r} does not serve; name another with ?provider=.",
            param="file",
        )
    return full_name, route.model
