"""Tests that share a server are run by one process, as they say: `make test` hands out whole groups."""

import pytest

SHARED = "what this module makes"


@pytest.fixture(scope="module")
def shared() -> str:
    return SHARED


@pytest.mark.xdist_group("groups hold")
def test_a_group_is_part_of_what_a_test_is_called_by(request: pytest.FixtureRequest) -> None:
    _only_where_groups_are_handed_out(request)

    assert request.node.nodeid.endswith("@groups hold")


def test_who_shares_what_a_module_makes_is_in_the_group_of_that_module(
    request: pytest.FixtureRequest, shared: str
) -> None:
    _only_where_groups_are_handed_out(request)

    assert shared == SHARED
    assert request.node.nodeid.endswith("@tests/repo/test_groups.py")


def _only_where_groups_are_handed_out(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("not run with --dist loadgroup")
