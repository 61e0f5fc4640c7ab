"""`/admin/api/version`: what is running, in TokenRouter-Go's fields.

A Python package knows no commit, so those fields are empty rather than made up.
"""

from typing import Annotated, Final

from fastapi import APIRouter

from tokenrouter import __version__
from tokenrouter.admin.callers import Grant, needs

router: Final = APIRouter(prefix="/admin/api/version", include_in_schema=False)

Reading = Annotated[Grant, needs("settings.read")]


def running_version() -> dict[str, str | bool]:
    """Return the fields that tell what is running."""
    return {"version": __version__, "raw": __version__, "commit": "", "date": "", "dirty": False}


@router.get("")
def read_version(_grant: Reading) -> dict[str, str | bool]:
    """Return the version."""
    return running_version()
