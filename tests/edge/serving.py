"""A service with everything behind it in memory."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.gateway.fakes import Held, Notes, Provided, Tokens, catalog
from tokenrouter.config.sealing import Sealing
from tokenrouter.domain.catalog import Key, Provider
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import LimitState
from tokenrouter.edge.capturing import Capture
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.service import Service
from tokenrouter.gateway.account.resources import Resources
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.stored_responses import StoredResponses
from tokenrouter.journal.conversation_writer import ConversationWriter
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.journal.response_files import ResponseFiles
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures

OTHER_KEY = b"tr_bobby-0123456789-abcdefgh"


def service(folder: Path, notes: Notes, provided: Provided) -> Service:
    """Two keys, and one provider `acme` that answers as `provided` does."""
    acme = Provider("acme", "sandbox", "http://127.0.0.1:9/v1", secret="sk-acme", models=("small",))
    known = catalog(providers=(acme,))
    other = Key("k2", "bob", key_digest(OTHER_KEY, b""))
    source = Held(Directory(replace(known, keys=(*known.keys, other)), b""))
    limiter = MemoryLimiter((), restored=True)
    ports = Ports(notes, limiter, Figures(), Tokens())
    gateway = Gateway(source, provided, ports)
    resources = Resources(gateway, source, provided, ports, Ownership(OwnershipLog(folder)))
    control = ControlRelay(provided, folder / "none.sock")
    stored = StoredResponses(ResponseFiles(folder / "responses", b"k" * 32))

    capture = Capture(source, ConversationWriter(folder / "captured", Sealing(bytes(32))))

    async def states(scopes: Sequence[str]) -> list[LimitState]:
        return limiter.states(scopes)

    return Service(gateway, source, states, control, Ready(), lambda: False, resources, stored, capture)


class Ready:
    """Always."""

    def why_not_ready(self) -> str:
        return ""
