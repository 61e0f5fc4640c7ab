"""`/api/v1/providers`: vendors listed, made, changed, switched, tried and removed while the gateway runs.

Those of the file are listed with the place that declares them, and changed there; whether one is on may be said here
over the file, and undone. Secrets go in and never come out: answers have a hint of each.
"""

import time
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from starlette.responses import StreamingResponse

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.etags import IfMatch, etag_of
from tokenrouter.admin.paging import CSV, Page, Place, Reader, WantedPage, checked, listing
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.provider_bodies import ChangedProvider, NewProvider, ShownProvider, Switch, Trial
from tokenrouter.admin.provider_views import settled, shown_providers, shown_stored
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words
from tokenrouter.config.providers import ReadProvider
from tokenrouter.config.stored_providers import changed_values
from tokenrouter.domain.catalog import Origin, Provider
from tokenrouter.jobs.provider_checks import check_provider
from tokenrouter.jobs.stored_configuration import read_provider_values
from tokenrouter.store.providers import (
    StoredProvider,
    change_provider,
    create_provider,
    find_provider,
    override_enabled,
    remove_provider,
)

router: Final = APIRouter(prefix="/api/v1/providers", tags=["providers"])

Reading = Annotated[Grant, needs("providers.read")]
Writing = Annotated[Grant, needs("providers.write")]
MAX_TRIED_MODELS: Final = 100
"""Most models that a trial names: enough to see that they are the right ones."""
_NOTED: Final = frozenset(("enabled", "comment"))
"""Fields that stand beside what is said of a provider."""


@router.get("", responses=CSV, response_model=Page[ShownProvider])
def list_all(
    state: State,
    _grant: Reading,
    wanted: WantedPage,
    q: Annotated[Words, Query(description="Part of a name, kind or address.")] = "",
    origin: Annotated[Origin | None, Query()] = None,
) -> Page[ShownProvider] | StreamingResponse:
    """Return the providers in routing order, without their secrets; those of the database that are shadowed last."""
    found = [
        one
        for one in shown_providers(state)
        if q.lower() in f"{one.name}\n{one.kind}\n{one.base_url}".lower() and origin in (None, one.origin)
    ]
    return listing("providers", wanted, ShownProvider, _reader(found), lambda shown: shown)


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[NewProvider, Body()], response: Response) -> ShownProvider:
    """Make a provider; it can be asked at once."""
    _refuse_declared(state, wanted.name)
    values = _said(wanted)
    _checked(state, values)
    new = StoredProvider(
        wanted.name,
        values,
        enabled=wanted.enabled is not False,
        comment=wanted.comment or "",
        made_by=grant.caller.id,
    )
    made = create_provider(grant.store, state.ring, new, now_s=state.clock())
    state.keys_changed()
    return _tagged(response, shown_stored(state, made))


@router.post("/test")
async def try_unsaved(state: State, _grant: Writing, wanted: Annotated[NewProvider, Body()]) -> Trial:
    """Ask a provider that is not kept for its models, with the secrets that are given."""
    return await _asked(state, _checked(state, _said(wanted)).provider)


@router.get("/{name}")
def read_one(state: State, _grant: Reading, name: str, response: Response) -> ShownProvider:
    """Return one provider; of several of that name the one that counts."""
    return _tagged(response, _find(state, name))


@router.patch("/{name}")
def change(
    state: State,
    grant: Writing,
    name: str,
    wanted: Annotated[ChangedProvider, Body()],
    if_match: IfMatch,
    response: Response,
) -> ShownProvider:
    """Change a provider of the database; running requests end where they began."""
    _refuse_declared(state, name)

    def changed(before: StoredProvider) -> StoredProvider:
        if_match.require(settled(shown_stored(state, before)))
        return _changed(state, before, wanted)

    after = change_provider(grant.store, state.ring, name, changed, now_s=state.clock())
    state.keys_changed()
    return _tagged(response, shown_stored(state, after))


@router.delete("/{name}")
def remove(state: State, grant: Writing, name: str, if_match: IfMatch) -> ShownProvider:
    """Remove a provider of the database with its secrets, and return what it was."""
    if name not in {one.name for one in _stored_names(state)}:
        _refuse_declared(state, name)
    shown: list[ShownProvider] = []

    def check(before: StoredProvider) -> None:
        shown.append(shown_stored(state, before))
        if_match.require(settled(shown[0]))

    remove_provider(grant.store, state.ring, name, check)
    state.keys_changed()
    return shown[0]


@router.post("/{name}/test")
async def try_saved(
    state: State, _grant: Writing, name: str, wanted: Annotated[ChangedProvider | None, Body()] = None
) -> Trial:
    """Ask a provider for its models, as it would be with some changes; blank secrets are those that it has.

    Whoever would have it asked at another address must give the secrets again.
    """
    declared = _declared(state, name)
    if declared is not None:
        if wanted is not None and _said(wanted):
            _refuse_declared(state, name)
        return await _asked(state, declared)
    stored = find_provider(state.store, state.ring, name)
    values = changed_values(stored.values, _said(wanted) if wanted is not None else {}, stored.unreadable)
    return await _asked(state, _checked(state, values).provider)


@router.post("/{name}/refresh")
async def refresh(state: State, _grant: Writing, name: str) -> Trial:
    """Ask a provider for its models now, and take over what it answers."""
    found = next((one for one in state.catalog().providers if one.name == name), None)
    if found is None:
        raise _unknown(name)
    await state.refresh_models(name)
    row = next((row for row in state.provider_statuses() if row.name == name), None)
    if row is None:
        return Trial(
            ok=False, status="unknown", model_count=0, error="nothing is known of it yet", models=[], response_ms=None
        )
    return Trial(
        ok=not row.problem,
        status=row.status,
        model_count=row.model_count,
        error=row.problem,
        models=list(found.models[:MAX_TRIED_MODELS]),
        response_ms=row.response_ms or None,
    )


@router.put("/{name}/enabled")
def switch(state: State, grant: Writing, name: str, wanted: Annotated[Switch, Body()]) -> ShownProvider:
    """Switch a provider on or off; of one that is declared elsewhere this counts until it is undone."""
    if _declared(state, name) is not None:
        override_enabled(grant.store, name, wanted.enabled)
    else:
        now_s = state.clock()
        turned = lambda before: replace(before, enabled=wanted.enabled)  # noqa: E731 (one line, for one call)
        change_provider(grant.store, state.ring, name, turned, now_s=now_s)
    state.keys_changed()
    return _find(state, name)


@router.delete("/{name}/enabled")
def undo_switch(state: State, grant: Writing, name: str) -> ShownProvider:
    """Let it count again whether a declared provider is on as the file has it."""
    if _declared(state, name) is None:
        raise Problem(409, "not_declared", "Only a provider that is declared elsewhere can be as it is declared there.")
    override_enabled(grant.store, name, None)
    state.keys_changed()
    return _find(state, name)


def _reader(found: list[ShownProvider]) -> Reader[ShownProvider]:
    """Return a list that goes on behind a provider by its name, or where it stood if it has gone."""
    places: list[Place] = [(number, one.name, one.origin) for number, one in enumerate(found)]

    def read(after: Place, rows: int) -> list[tuple[Place, ShownProvider]]:
        begin = 0
        if after:
            last, name, origin = checked(after, int, str, str)
            here = (number for number, place in enumerate(places) if place[1:] == (name, origin))
            begin = next((number + 1 for number in here), max(0, last))
        return list(zip(places, found, strict=True))[begin : begin + rows]

    return read


def _tagged(response: Response, shown: ShownProvider) -> ShownProvider:
    response.headers["etag"] = etag_of(settled(shown))
    return shown


def _said(wanted: ChangedProvider) -> dict[str, Any]:
    """Return what is said in the file's words, null included."""
    said = wanted.model_dump(exclude_unset=True)
    if said.get("timeouts") is not None:
        said["timeouts"] = {name: value for name, value in said["timeouts"].items() if value is not None}
    return {name: value for name, value in said.items() if name not in _NOTED}


def _changed(state: ControlState, before: StoredProvider, wanted: ChangedProvider) -> StoredProvider:
    said = _said(wanted)
    values = before.values
    if said:
        values = changed_values(before.values, said, before.unreadable)
        _checked(state, values)
    return replace(
        before,
        values=values,
        enabled=before.enabled if wanted.enabled is None else wanted.enabled,
        comment=before.comment if wanted.comment is None else wanted.comment,
    )


def _checked(state: ControlState, values: dict[str, Any]) -> ReadProvider:
    """Return the provider that `values` make.

    Raises:
        InvalidValues: it may not be.
    """
    read = read_provider_values({name: value for name, value in values.items() if value is not None}, state.settings)
    check_provider(read, state.settings, state.catalog().keys, state.pepper)
    return read


async def _asked(state: ControlState, provider: Provider) -> Trial:
    """Return what asking `provider` for its models comes to."""
    began_s = time.perf_counter()
    look = await state.ask_models(provider)
    models = look.models or ()
    return Trial(
        ok=look.models is not None,
        status=look.status,
        model_count=len(models),
        error=look.problem,
        models=list(models[:MAX_TRIED_MODELS]),
        response_ms=round((time.perf_counter() - began_s) * 1000, 1),
    )


def _stored_names(state: ControlState) -> list[ShownProvider]:
    return [one for one in shown_providers(state) if one.origin == "database"]


def _find(state: ControlState, name: str) -> ShownProvider:
    for one in shown_providers(state):
        if one.name == name:
            return one
    raise _unknown(name)


def _unknown(name: str) -> Problem:
    return Problem(404, "provider_not_found", f"There is no provider {name[:100]!r}; GET /api/v1/providers lists them.")


def _declared(state: ControlState, name: str) -> Provider | None:
    """Return the provider of that name that counts and is not the database's."""
    found = (one for one in state.catalog().providers if one.name == name and one.origin != "database")
    return next(found, None)


def _refuse_declared(state: ControlState, name: str) -> None:
    declared = _declared(state, name)
    if declared is not None and declared.origin != "automatic":
        where = state.declared_at(f"providers.{name}") or declared.origin
        raise Problem(409, "declared_elsewhere", f"The provider {name!r} is declared at {where}; change it there.")
