"""TokenTracer's `/manage`: a person's own aliases, with fallback and light model, and what they have used.

An alias there is one of `user:NAME` here, so it is tried before everybody's. Providers are everybody's here and an
administrator's to add: `POST /manage/providers` says so, and the others answer for those that there are.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, Field, StrictBool

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant
from tokenrouter.admin.compat.tokentracer_people import person_needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.alias_text import read_alias
from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.alias_changes import alias_check
from tokenrouter.store.alias_usage import alias_usage
from tokenrouter.store.aliases import create_alias, list_aliases, update_alias
from tokenrouter.store.numbers import numbers_of

router: Final = APIRouter(prefix="/manage", include_in_schema=False)

PROVIDERS: Final = "provider"
ALIASES: Final = "alias"
MAX_NUMBER: Final = 2**53
Reading = Annotated[Grant, person_needs("aliases.read")]
Writing = Annotated[Grant, person_needs("aliases.write")]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class ChangedAlias(BaseModel):
    """What is to change; what is absent or null stays, and 0 or "" takes a fallback or a light model away."""

    target_model: Text | None = None
    provider_key_id: Number | None = None
    fallback_alias_id: Number | None = None
    use_light_model: StrictBool | None = None
    light_model_threshold: Annotated[int, Field(ge=0, le=10**8)] | None = None
    light_model: Text | None = None


class NewAlias(ChangedAlias):
    """An alias to be made, or put in the place of the one of its name."""

    alias: Text
    target_model: Text
    provider_key_id: Annotated[int, Field(gt=0, le=MAX_NUMBER)]
    use_light_model: StrictBool = False
    light_model_threshold: Annotated[int, Field(ge=0, le=10**8)] = 0
    """0 is never: what TokenTracer's API made of saying nothing."""


class ShownAlias(BaseModel):
    """An alias of the person's; what is not said is null."""

    id: int
    alias: str
    target_model: str
    provider_key_id: int
    fallback_alias_id: int | None
    use_light_model: bool
    light_model_threshold: int
    light_model: str | None


class ShownProvider(BaseModel):
    """A provider; `label` is its name here."""

    id: int
    provider: str
    label: str
    created_at: str | None


class Used(BaseModel):
    """What the person has used by one provider and alias, of all time."""

    provider: str
    alias: str
    input_tokens: int
    output_tokens: int
    requests: int


@router.get("/providers")
def list_providers(state: State, grant: Writing) -> list[ShownProvider]:
    """Return the providers that an alias may lead to."""
    providers = _providers(state, grant)
    return [
        ShownProvider(id=number, provider=one.kind, label=one.name, created_at=time_text(None))
        for number, one in providers.items()
    ]


@router.post("/providers", status_code=201)
def add_provider(_grant: Writing) -> Response:
    """Refuse: a provider is everybody's here."""
    raise Problem(
        403, "role_not_allowed", "Providers are everybody's here; an administrator adds them at /api/v1/providers."
    )


@router.get("/providers/{number}/models")
def provider_models(state: State, grant: Writing, number: Annotated[int, Path(ge=1, le=MAX_NUMBER)]) -> list[str]:
    """Return the models of one provider."""
    return list(_provider(state, grant, number).models)


@router.get("/models")
def models(state: State, grant: Writing) -> dict[str, list[str]]:
    """Return the models of each provider."""
    return {one.name: list(one.models) for one in _providers(state, grant).values()}


@router.get("/aliases")
def aliases(state: State, grant: Reading) -> list[ShownAlias]:
    """Return the person's aliases."""
    own = _own(state, grant)
    numbers = _numbers(grant, own)
    providers = numbers_of(grant.store, PROVIDERS, list(dict.fromkeys(_target(one)[0] for one in own.values())))
    return [_shown(one, numbers, providers) for one in own.values()]


@router.post("/aliases")
def put_alias(state: State, grant: Writing, wanted: Annotated[NewAlias, Body()]) -> Response:
    """Make an alias of the person's, or put it in the place of the one of its name."""
    provider = _provider(state, grant, wanted.provider_key_id)
    own = _own(state, grant)
    said = {
        "name": wanted.alias,
        "scope": _scope(grant),
        "targets": [f"{provider.name}/{wanted.target_model}"],
        "fallback": _fallback(grant, own, wanted.fallback_alias_id or 0),
        "use_light_model": wanted.use_light_model and bool(wanted.light_model),
        "light_model": f"{provider.name}/{wanted.light_model}" if wanted.light_model else "",
        "light_model_threshold": wanted.light_model_threshold,
    }
    _write(state, grant, said, is_new=wanted.alias not in own)
    return Response(status_code=200)


@router.patch("/aliases/{alias:path}")
def change_alias(state: State, grant: Writing, alias: str, wanted: Annotated[ChangedAlias, Body()]) -> Response:
    """Change an alias of the person's."""
    asked = wanted.model_dump(exclude_none=True)
    if not asked:
        raise Problem(400, "invalid_request", "No valid fields to update")
    own = _own(state, grant)
    if alias not in own:
        raise Problem(404, "alias_not_found", "Unknown alias")
    _write(state, grant, _changed(state, grant, own, own[alias], asked), is_new=False)
    return Response(status_code=200)


@router.get("/usage")
def usage(state: State, grant: Annotated[Grant, person_needs("usage.read")]) -> list[Used]:
    """Return what the person has used."""
    state.drain_now()
    return [
        Used(
            provider=one.provider,
            alias=one.alias,
            input_tokens=one.input_tokens,
            output_tokens=one.output_tokens,
            requests=one.requests,
        )
        for one in alias_usage(state.store, grant.caller.user)
    ]


def _scope(grant: Grant) -> str:
    return f"user:{grant.caller.user}"


def _providers(state: ControlState, grant: Grant) -> dict[int, Provider]:
    """Return the providers by number."""
    providers = {one.name: one for one in state.catalog().providers if one.enabled}
    numbers = numbers_of(grant.store, PROVIDERS, list(providers))
    return {numbers[name]: one for name, one in providers.items()}


def _provider(state: ControlState, grant: Grant, number: int) -> Provider:
    found = _providers(state, grant).get(number)
    if found is None:
        raise Problem(404, "provider_not_found", "Unknown provider key")
    return found


def _own(state: ControlState, grant: Grant) -> dict[str, Alias]:
    """Return the person's aliases of the database by name."""
    return {one.alias.name: one.alias for one in list_aliases(state.store) if one.alias.scope == _scope(grant)}


def _numbers(grant: Grant, own: Mapping[str, Alias]) -> dict[str, int]:
    """Return the numbers of the person's aliases by name."""
    subjects = {f"{_scope(grant)}/{name}": name for name in own}
    return {subjects[subject]: number for subject, number in numbers_of(grant.store, ALIASES, list(subjects)).items()}


def _fallback(grant: Grant, own: Mapping[str, Alias], number: int) -> str:
    """Return which of the person's own aliases a number means; 0 is none.

    Raises:
        Problem: it is nobody's, or another's.
    """
    if not number:
        return ""
    for name, known in _numbers(grant, own).items():
        if known == number:
            return name
    raise Problem(400, "invalid_field", "fallback_alias_id is none of your aliases")


def _changed(
    state: ControlState, grant: Grant, own: Mapping[str, Alias], alias: Alias, asked: Mapping[str, Any]
) -> dict[str, object]:
    """Return what the alias says with what was asked for."""
    provider, model = _target(alias)
    if asked.get("provider_key_id"):
        provider = _provider(state, grant, asked["provider_key_id"]).name
    light = asked.get("light_model", _model(alias.light_model))
    fallback = alias.fallback
    if "fallback_alias_id" in asked:
        fallback = _fallback(grant, own, asked["fallback_alias_id"])
    return {
        "name": alias.name,
        "scope": alias.scope,
        "targets": [f"{provider}/{asked.get('target_model', model)}"],
        "fallback": fallback,
        "use_light_model": asked.get("use_light_model", alias.use_light_model) and bool(light),
        "light_model": f"{provider}/{light}" if light else "",
        "light_model_threshold": asked.get("light_model_threshold", alias.light_model_threshold),
    }


def _write(state: ControlState, grant: Grant, said: Mapping[str, object], *, is_new: bool) -> None:
    alias = read_alias(said)
    if any((one.scope, one.name) == (alias.scope, alias.name) for one in state.settings.aliases):
        raise Problem(409, "declared_elsewhere", f"{alias.name!r} is declared in the file; change it there.")
    check = alias_check(state.settings, alias)
    if is_new:
        create_alias(grant.store, alias, check, made_by=grant.caller.id, now_s=state.clock())
    else:
        update_alias(grant.store, alias, check)
    state.keys_changed()


def _shown(alias: Alias, numbers: Mapping[str, int], providers: Mapping[str, int]) -> ShownAlias:
    provider, model = _target(alias)
    return ShownAlias(
        id=numbers[alias.name],
        alias=alias.name,
        target_model=model,
        provider_key_id=providers[provider],
        fallback_alias_id=numbers.get(alias.fallback),
        use_light_model=alias.use_light_model,
        light_model_threshold=alias.light_model_threshold,
        light_model=_model(alias.light_model) or None,
    )


def _target(alias: Alias) -> tuple[str, str]:
    """Return provider and model of the first target; of one that is an alias, no provider and its name."""
    provider, slash, model = alias.targets[0].name.partition("/")
    return (provider, model) if slash else ("", provider)


def _model(reference: str) -> str:
    return reference.partition("/")[2] or reference
