from tokenrouter.domain.model_facts import UNKNOWN, ModelFacts


def test_what_one_leaves_open_is_as_the_other_has_it() -> None:
    assert ModelFacts(100).joined(ModelFacts(200, 50)) == ModelFacts(100, 50)
    assert UNKNOWN.joined(ModelFacts(200, 50)) == ModelFacts(200, 50)
