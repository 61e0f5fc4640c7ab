"""One server and one SDK client of each vendor for all recordings."""

from collections.abc import Iterator, Mapping

import pytest

from tests.recordings.judges import Desk, Judge, judges


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """Where answers are laid ready for the SDKs."""
    with Desk() as running:
        yield running


@pytest.fixture(scope="session")
def readers(desk: Desk) -> Mapping[str, Judge]:
    """The SDKs, by the client's dialect."""
    return judges(desk.origin)
