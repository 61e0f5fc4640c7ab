"""Who answers at an address, and who one is there: what `toro connect` finds out before it keeps a key."""

from dataclasses import dataclass

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import NoAnswer, Refused
from tokenrouter.cli.terminal.answers import Me, ModelList, Status, read
from tokenrouter.cli.terminal.status import if_allowed


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the server said. `name` and `role` are "" where it does not tell (TokenRouter-Go)."""

    version: str
    name: str
    role: str
    models: int


def introduce(server: Server) -> Introduction:
    """Ask the server who it is.

    Raises:
        NoAnswer: nobody answers, or something that is no TokenRouter.
        Refused: the key is none of its keys, or may ask nothing.
    """
    models = read(server.ask("GET", "/v1/models"), ModelList)
    try:
        status = read(server.ask("GET", "/v1/status"), Status)
    except Refused as error:
        if error.status != 404:
            raise
        raise NoAnswer(f"what answers at {server.url} has models, but is no TokenRouter (no /v1/status)") from None
    told = if_allowed(server, "/api/v1/me")
    me = read(told, Me) if told is not None else Me(name="", role="")
    return Introduction(status.version, me.name, me.role, len(models.data))
