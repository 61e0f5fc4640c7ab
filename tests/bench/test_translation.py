import gc

from bench.translation import CLIENTS, PAIRS, PROVIDERS, measure


def test_every_pair_of_dialects_can_be_measured() -> None:
    found = measure(rounds=1)

    assert [(each.client, each.provider) for each in found] == list(PAIRS)
    assert all(each.request_us > 0 and each.chunk_us > 0 and each.answer_us > 0 for each in found)


def test_a_pair_of_one_dialect_is_the_relay() -> None:
    assert {client for client, provider in PAIRS if client == provider} == set(CLIENTS)
    assert set(CLIENTS) < set(PROVIDERS)


def test_garbage_is_collected_as_before_afterwards() -> None:
    before = gc.get_threshold()

    measure(rounds=1, pairs=PAIRS[:2])

    assert gc.get_threshold() == before
