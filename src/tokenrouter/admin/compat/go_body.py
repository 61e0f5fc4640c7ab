"""Bodies as TokenRouter-Go took them: JSON whatever their type says, and fields that are not known are passed over.

Its users' scripts post with curl's own content type, and put back whole objects that they were given before.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from tokenrouter.admin.problems import Problem


class Lenient(BaseModel):
    """A body in which there may be more than is read."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


Sent = TypeVar("Sent", bound=Lenient)


def sent(model: type[Sent]) -> Callable[[Request], Awaitable[Sent]]:
    """Return a dependency that reads the body as `model`.

    Raises, when called:
        Problem: it is no JSON, or a field cannot be so.
    """

    async def read(request: Request) -> Sent:
        try:
            return model.model_validate_json(await request.body())
        except ValidationError as error:
            raise Problem(400, "invalid_field", _words(error)) from None

    return read


def _words(error: ValidationError) -> str:
    """Return what is wrong, without what was sent: it may be a key."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(one["type"] == "json_invalid" for one in found):
        return "invalid json"
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found[:5])
