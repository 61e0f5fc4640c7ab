"""Raw pass-through: for what nobody has mapped yet, to those who were granted it.

Nothing is known of such a request, so nothing can be limited but that it is made: keys whose models, tokens or costs
are limited may not use it, and a provider's paths are closed but for those that its `passthrough_paths` name. Where it
names none, only POSTs whose JSON names a model go through. The provider's credentials are put in, the client's never
leave, redirects are not followed, and ids follow the rules of `raw_ids`.
"""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.json import JsonObject, peek_object
from tokenrouter.dialects.multipart import read_form
from tokenrouter.dialects.passthrough import PASSTHROUGH
from tokenrouter.domain.errors import GatewayError, InvalidRequest, ModelNotAllowed, NotFound, PassthroughDenied
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.ownership import OwnedId
from tokenrouter.domain.prices import ceiling_of
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory, Principal, ProviderEntry
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Exchange, Ports
from tokenrouter.gateway.hook_rules import Guard, no_guard
from tokenrouter.gateway.lanes import Lane, lane_at, subject_of
from tokenrouter.gateway.ownership import Ownership, owner_of
from tokenrouter.gateway.ports import Responder, Source
from tokenrouter.gateway.raw.answers import Keep, RawRoad
from tokenrouter.gateway.raw.ids import RawIds
from tokenrouter.gateway.raw.paths import METHODS, clean_path, clean_query, is_allowed, segments_of

_MEASURED: Final = frozenset({"tokens", "input_tokens", "output_tokens", "cost_usd"})
"""Limits that cannot be kept without knowing what a request asks for."""
_SERVED: Final[tuple[Operation, ...]] = ("files", "batches")
_JSON: Final = b"content-type: application/json\r\n"
_model: Final = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class RawCall:
    """One request.

    Attributes:
        path: below the provider's name, as it was sent.
        query: as it was sent.
    """

    call: Call
    method: str
    provider: str
    path: bytes
    query: bytes
    content_type: bytes


class Passthrough:
    """Serves those requests. One per data process."""

    def __init__(
        self, gateway: Gateway, source: Source, ports: Ports, ownership: Ownership, guard: Guard = no_guard
    ) -> None:
        self._guard = guard
        self._gateway = gateway
        self._source = source
        self._ports = ports
        self._ownership = ownership

    async def serve(self, raw: RawCall, responder: Responder) -> None:
        """Answer `raw`.

        Raises:
            GatewayError: what the client is to be told; it is written down.
        """
        call, directory = raw.call, self._source.current()
        principal = directory.principal(call.head.digest, call.now_s, call.head.client_ip)
        try:
            exchange, road = self._prepare(directory, principal, raw, responder)
        except GatewayError as error:
            self._gateway.refuse(call, subject_of(principal, PASSTHROUGH, ""), error)
            raise
        await self._gateway.serve_on(exchange, road, to_its_end=raw.method != "GET")

    def _prepare(
        self, directory: Directory, principal: Principal, raw: RawCall, responder: Responder
    ) -> tuple[Exchange, RawRoad]:
        self._guard(principal, "a raw request")
        entry = self._entry(directory, principal, raw)
        path, query = clean_path(raw.path, entry.adapter.base_path), clean_query(raw.query)
        model = self._admit(entry, raw, f"{entry.adapter.base_path}/{path}")
        ids = RawIds(self._ownership, owner_of(principal), entry.provider.name)
        ids.require_in_path([*segments_of(path), *(text for _, text in parse_qsl(query))])
        headers = _look_at_body(ids, raw)
        target = f"{path}?{query}" if query else path
        lane = lane_at(principal, entry, PASSTHROUGH, raw.method, target, books=self._gateway.books)
        if model:
            lane = self._priced(directory, principal, lane, model)
        is_mapped = bool(entry.provider.passthrough_paths)
        keep = self._keeper(entry, principal, raw) if is_mapped and raw.method in ("POST", "PUT") else None
        road = RawRoad(ids, reads=raw.method == "GET" or keep is not None, keep=keep, is_free=not model)
        head = Head(JsonObject(b"", {}, True), model, False, None if model else 0, True, 1, len(raw.call.body))
        head.headers = headers
        return Exchange(raw.call, lane, head, responder, self._ports), road

    def _entry(self, directory: Directory, principal: Principal, raw: RawCall) -> ProviderEntry:
        """Return the provider, if the caller may ask it raw.

        Raises:
            PassthroughDenied, NotFound
        """
        if not principal.passthrough:
            raise PassthroughDenied("This API key may not pass requests through; ask for `passthrough = true`.")
        scopes = (*principal.scopes, f"provider:{raw.provider}")
        limits = [limit for scope in scopes for limit in directory.limits.of(scope)]
        if principal.allowed or any(limit.mode == "hard" and limit.metric in _MEASURED for limit in limits):
            raise PassthroughDenied("Keys with limits on models, tokens or costs may not pass requests through.")
        entry = directory.providers.get(raw.provider)
        if entry is None or not entry.provider.enabled:
            raise NotFound(f"There is no provider {raw.provider[:100]!r}.", param="provider")
        return entry

    def _admit(self, entry: ProviderEntry, raw: RawCall, path: str) -> str:
        """Return the model that is asked, or "", if the provider lets this method and path through.

        Raises:
            PassthroughDenied, ModelNotAllowed
        """
        _refuse_served(entry, path)
        model = _model_of(raw)
        allowed = entry.provider.passthrough_paths
        if raw.method not in METHODS or not (is_allowed(raw.method, path, allowed) if allowed else model):
            raise PassthroughDenied(
                f"{raw.method} {path} of provider {entry.provider.name!r} is not open to pass-through; "
                "its `passthrough_paths` say what is."
            )
        if model and not entry.allowed.allow(model):
            raise ModelNotAllowed(f"Model {model!r} of provider {entry.provider.name!r} is not offered here.")
        return model

    def _priced(self, directory: Directory, principal: Principal, lane: Lane, model: str) -> Lane:
        price = directory.price(lane.provider, model)
        if price is None:
            directory.require_counting(principal, lane.scopes, f"{lane.provider}/{model}")
        source = "" if price is None else price.named
        subject = lane.subject._replace(model=model, requested_model=model, price_source=source)
        return replace(
            lane,
            price=price,
            ceiling=None if price is None else ceiling_of(price),
            estimates=self._gateway.books.estimates.of(lane.provider, model),
            scopes=(*lane.scopes, f"model:{lane.provider}/{model}"),
            subject=subject,
            subject_record=self._gateway.books.journal.subject(subject),
        )

    def _keeper(self, entry: ProviderEntry, principal: Principal, raw: RawCall) -> Keep:
        owner, now_s = owner_of(principal), int(raw.call.now_s)

        async def keep(id_: str) -> None:
            if not self._ownership.owners(entry.provider.name, id_):
                await self._ownership.record(OwnedId(entry.provider.name, "other", id_[:256], owner, now_s))

        return keep


def _refuse_served(entry: ProviderEntry, path: str) -> None:
    """Files and batches have paths of their own here, which know whose they are and what they cost."""
    for operation in _SERVED:
        place = entry.adapter.path_of(operation)
        if place is not None and f"{path}/".startswith(f"{entry.adapter.base_path}/{place}/"):
            raise PassthroughDenied(f"{path} is not passed through: ask for it at /v1/{operation}.")


def _model_of(raw: RawCall) -> str:
    """Return the model that a POST's JSON names, or ""."""
    if raw.method != "POST" or not raw.call.body.lstrip().startswith(b"{"):
        return ""
    named = peek_object(raw.call.body).fields.get("model")
    try:
        return "" if named is None else _model.decode(named)
    except msgspec.DecodeError:
        return ""


def _look_at_body(ids: RawIds, raw: RawCall) -> bytes:
    """Look for ids in the body, and return the header lines that say what it is.

    Raises:
        NotFound: it names what is not the caller's.
        InvalidRequest: it cannot be looked through.
    """
    body = raw.call.body
    if not body:
        return b""
    if raw.content_type.lower().startswith(b"multipart/form-data"):
        form = read_form(body)
        ids.require_in_path(form.text(part.name) or "" for part in form.parts if not part.is_file)
        return b"content-type: %b\r\n" % form.content_type
    if b"json" in raw.content_type.lower() or body.lstrip()[:1] in (b"{", b"["):
        ids.require_in_body(body)
        return _JSON
    raise InvalidRequest("Only JSON and multipart/form-data are passed through.")
