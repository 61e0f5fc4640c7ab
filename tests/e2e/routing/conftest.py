"""One gateway for all of it, and what its cells have come to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.hostile.asking import Answered
from tests.e2e.hostile.wire import Wire
from tests.e2e.matrix.books import billed, rows
from tests.e2e.routing.cells import CELLS, Cell, ask_all, configuration
from tests.e2e.routing.waits import waiting_configuration
from tests.recordings.judges import Desk, Judge, judges
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until


@dataclass(frozen=True)
class Place:
    """A gateway, the sandbox behind most of its providers, and the bytes behind the one that is called `wire`."""

    gateway: GatewayProcess
    sandbox: SandboxProcess
    wire: Wire

    @property
    def used(self) -> int | None:
        """Return how many requests the global limit has counted; None while that is being read."""
        limits = self.gateway.call("GET", "/v1/usage").json().get("limits", ())
        return next((int(one["used"]) for one in limits if one["scope"] == "global" and one["used"] is not None), None)

    @property
    def answers(self) -> bool:
        """Return whether the data process has its counters too, so that it refuses nobody."""
        question = {"model": "chat/lorem-3", "messages": [{"role": "user", "content": "hello"}]}
        return self.gateway.call("POST", "/v1/chat/completions", json_body=question, key=self.gateway.key).status == 200

    def rows(self, model: str) -> list[Mapping[str, Any]]:
        """Return the rows of what asked for `model`, in their order."""
        return self.rows_by_model().get(model, [])

    def rows_by_model(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return all rows by the model that was asked for."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in sorted(rows(self.gateway).values(), key=lambda row: str(row["id"])):
            found.setdefault(row["requested_model"], []).append(row)
        return found


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
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where all is asked."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, env=make_home(folder).env) as sandbox, Wire() as wire:
        root = sandbox.base_url.removesuffix("/v1")
        config = configuration(root) + waiting_configuration(root, wire.origin)
        with GatewayProcess(make_home(tmp_path_factory.mktemp("gateway")), config) as gateway:
            made = Place(gateway, sandbox, wire)
            wait_until("the counters", lambda: made.used is not None and made.answers)
            yield made


@pytest.fixture(scope="session")
def seen(place: Place) -> Mapping[Cell, Seen]:
    """What all of the cells have come to."""
    answers = ask_all(place.gateway.address, place.gateway.key, CELLS)
    models = {cell.model for cell in CELLS}

    def all_counted() -> bool:
        found = place.rows_by_model()
        return sum(int(row["count"]) for model in models for row in found.get(model, ())) == len(CELLS)

    wait_until("a counted row for each cell", all_counted)
    found, bills = place.rows_by_model(), billed(place.sandbox)
    return {cell: Seen(answer, found[cell.model], bills) for cell, answer in answers.items()}


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """Where answers are laid ready for the SDKs."""
    with Desk() as running:
        yield running


@pytest.fixture(scope="session")
def readers(desk: Desk) -> Mapping[str, Judge]:
    """The SDKs, by the client's dialect."""
    return judges(desk.origin)
