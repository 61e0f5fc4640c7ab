"""One gateway for all cells, asked once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.hostile.asking import Answered
from tests.e2e.matrix.books import billed, rows
from tests.e2e.routing.cells import CELLS, Cell, ask_all, configuration
from tests.recordings.judges import Desk, Judge, judges
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until


@dataclass(frozen=True)
class Seen:
    """What one cell has come to.

    Attributes:
        rows: of the ledger, one for each attempt, in their order.
        bills: what the providers have in their own books, by the id of the row.
    """

    answer: Answered
    rows: list[Mapping[str, Any]]
    bills: Mapping[str, Any]


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Cell, Seen]:
    """What all of the cells have come to; the processes are ended by then."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, env=make_home(folder).env) as sandbox:
        config = configuration(sandbox.base_url.removesuffix("/v1"))
        with GatewayProcess(make_home(tmp_path_factory.mktemp("gateway")), config) as running:
            answers = ask_all(running.address, running.key, CELLS)
            wait_until("a counted row for each cell", lambda: _counted(running) == len(CELLS), 60)
            ledger = sorted(rows(running).values(), key=lambda row: str(row["id"]))
    bills = billed(sandbox)
    by_model: dict[str, list[Mapping[str, Any]]] = {}
    for row in ledger:
        by_model.setdefault(row["requested_model"], []).append(row)
    return {cell: Seen(answer, by_model[cell.model], bills) for cell, answer in answers.items()}


def _counted(running: GatewayProcess) -> int:
    return sum(row["count"] for row in rows(running).values())


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """Where answers are laid ready for the SDKs."""
    with Desk() as running:
        yield running


@pytest.fixture(scope="session")
def readers(desk: Desk) -> Mapping[str, Judge]:
    """The SDKs, by the client's dialect."""
    return judges(desk.origin)
