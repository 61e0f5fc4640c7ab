from tests.store.entries import entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.jobs.model_figures import MAX_MODELS, REST, ModelFigures, ModelUse


def test_rows_are_added_up_by_model() -> None:
    figures = ModelFigures()
    figures.take([
        entry("a", provider="acme", model="small", usage=Usage(10, 5, 4, 0, 2), cost_nano_usd=7),
        entry("b", provider="acme", model="small", usage=Usage(1, 1), end_reason="provider_error", status=502),
        entry("c", provider="", model=""),
    ])  # fmt: skip

    assert figures.snapshot() == [(("acme", "small"), ModelUse(2, 1, 11, 6, 4, 2, 32))]


def test_names_that_clients_make_up_are_counted_together_beyond_a_bound() -> None:
    figures = ModelFigures()
    figures.take([entry(str(number), provider="acme", model=f"m{number}") for number in range(MAX_MODELS + 7)])

    use = dict(figures.snapshot())
    assert len(use) == MAX_MODELS + 1
    assert use[REST].requests == 7
