"""Tests that share a server are run by one process, as they say: `make test` hands out whole groups."""

import pytest

pytestmark = pytest.mark.xdist_group("groups hold")


def test_a_group_is_part_of_what_a_test_is_called_by(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("not run with --dist loadgroup")

    assert request.node.nodeid.endswith("@groups hold")
