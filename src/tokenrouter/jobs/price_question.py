"""What the control process asks of the program that reads the bundled price data (`jobs/price_data.py`)."""

import msgspec

from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price


class Wanted(msgspec.Struct):
    """What of one provider is asked for.

    Attributes:
        provider: the name that prices are returned under.
        vendor: what the data call it.
        models: ids that it has.
        with_known: whether all that the data know of the vendor are wanted too: not every name that a vendor takes
            is in its own list.
    """

    provider: str
    vendor: str
    models: list[str] = []
    with_known: bool = True


class Question(msgspec.Struct):
    """`now_s` is seconds since the epoch: prices hold from a day on, or for some hours of each."""

    now_s: float
    wanted: list[Wanted]


class Answer(msgspec.Struct):
    """What the data say.

    Attributes:
        prices: by `provider/model`, with `*` in some of them.
        facts: by `provider/model`.
    """

    prices: dict[str, Price] = {}
    facts: dict[str, ModelFacts] = {}
