import pytest

from tokenrouter.admin.permissions import PERMISSIONS, ROLES, reach_of


def test_every_action_says_of_every_role_how_far_it_reaches() -> None:
    assert all(tuple(cells) == ROLES for cells in PERMISSIONS.values())


def test_owners_and_admins_differ_in_owners_only() -> None:
    assert [action for action, cells in PERMISSIONS.items() if cells["owner"] != cells["admin"]] == ["owners.write"]


def test_nobody_below_an_admin_reaches_everybody_but_for_what_the_system_is() -> None:
    far = {action for action, cells in PERMISSIONS.items() for role in ROLES[2:] if cells[role] == "all"}

    assert far == {"system.read"}


def test_an_action_that_is_not_in_the_table_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        reach_of("keys.eat", "owner")
