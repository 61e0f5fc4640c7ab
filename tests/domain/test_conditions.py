"""How providers are, as far as anybody has looked."""

from tokenrouter.domain.conditions import Condition


def test_a_provider_that_nobody_has_looked_at_is_neither_well_nor_ill() -> None:
    assert Condition() == Condition("unknown", None, 0.0)
