from tokenrouter.providers import known_kinds
from tokenrouter.providers.telemetry_names import WELL_KNOWN, telemetry_name


def test_every_kind_that_has_a_well_known_name_is_one_of_ours() -> None:
    assert set(WELL_KNOWN) <= set(known_kinds())


def test_vendors_have_their_well_known_name_and_others_their_own() -> None:
    assert telemetry_name("mistral", "my-mistral") == "mistral_ai"
    assert telemetry_name("together", "t") == "together"
    assert telemetry_name("openai-compatible", "lab") == "lab"
    assert telemetry_name("", "") == ""
