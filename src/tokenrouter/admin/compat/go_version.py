"""`/admin/api/version`: what is running, in TokenRouter-Go's fields.

A Python package knows no commit, so those fields are empty rather than made up.
"""

from typing import Final

from fastapi import APIRouter

from tokenrouter import __version__
from tokenrouter.admin.auth import Admin

router: Final = APIRouter(prefix="/admin/api/version", include_in_schema=False)


def running_version() -> dict[str, str | bool]:
    """Return the fields that tell what is running."""
    return {"version": __version__, "raw": __version__, "commit": "", "date": "", "dirty": False}


@router.get("")
def read_version(_admin: Admin) -> dict[str, str | bool]:
    """Return the version."""
    return running_version()
