"""`/api/v1/providers`, `/version`: what the gateway consists of, read-only and without secrets."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter import __version__
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import State

router: Final = APIRouter(prefix="/api/v1", tags=["overview"])


class Version(BaseModel):
    """What is running, and where."""

    version: str
    address: str
    catalog_version: int
    workers: int


@router.get("/version")
def read_version(state: State, _grant: Annotated[Grant, needs("system.read")]) -> Version:
    """Return the version."""
    return Version(
        version=__version__,
        address=state.address,
        catalog_version=state.catalog().version,
        workers=len(state.figures()),
    )
