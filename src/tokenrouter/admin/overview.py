"""`/api/v1/providers`, `/version`: what the gateway consists of, read-only and without secrets."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter import __version__
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.catalog import Origin, Provider
from tokenrouter.providers.urls import shown_url

router: Final = APIRouter(prefix="/api/v1", tags=["overview"])


class ShownProvider(BaseModel):
    """A provider. `problem` says why it cannot be used, or why it did not list its models."""

    name: str
    kind: str
    base_url: str
    enabled: bool
    is_default: bool
    has_secret: bool
    origin: Origin
    declared_at: str
    models: list[str]
    problem: str


class ProviderList(BaseModel):
    """The providers in routing order."""

    data: list[ShownProvider]


class Version(BaseModel):
    """What is running, and where."""

    version: str
    address: str
    catalog_version: int
    workers: int


@router.get("/providers")
def read_providers(state: State, _grant: Annotated[Grant, needs("providers.read")]) -> ProviderList:
    """Return the providers in routing order, without their secrets."""
    return ProviderList(data=shown_providers(state))


@router.get("/version")
def read_version(state: State, _grant: Annotated[Grant, needs("system.read")]) -> Version:
    """Return the version."""
    return Version(
        version=__version__,
        address=state.address,
        catalog_version=state.catalog().version,
        workers=len(state.figures()),
    )


def shown_providers(state: ControlState) -> list[ShownProvider]:
    """Return what may be shown of every provider."""
    catalog, skipped = state.catalog(), state.directory().skipped
    problems = {row.name: row.problem for row in state.provider_statuses()}
    return [
        _shown_provider(
            state,
            provider,
            is_default=provider.name == catalog.default_provider,
            problem=skipped.get(provider.name) or problems.get(provider.name, ""),
        )
        for provider in catalog.providers
    ]


def _shown_provider(state: ControlState, provider: Provider, *, is_default: bool, problem: str) -> ShownProvider:
    return ShownProvider(
        name=provider.name,
        kind=provider.kind,
        base_url=shown_url(provider.base_url),
        enabled=provider.enabled,
        is_default=is_default,
        has_secret=bool(provider.secret),
        origin=provider.origin,
        declared_at=state.declared_at(f"providers.{provider.name}"),
        models=list(provider.models),
        problem=problem,
    )
