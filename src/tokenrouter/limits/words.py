"""What a limit that stands in the way is called, for people."""

from tokenrouter.domain.limits import Limit, Metric, Window

_NANO = 10**9


def describe(limit: Limit, scope: str, *, used: int, held: int, asked: int) -> str:
    """Return the sentence of a refusal: which limit, its window, what is used and held, what was asked."""
    metric = limit.metric
    return (
        f"The {_name(metric)} limit of {scope} ({show(limit.amount, metric)} {window_words(limit.window)}) is in the way: "
        f"{show(used, metric)} used, {show(held, metric)} held by running requests, "
        f"{show(asked, metric)} needed by this one."
    )


def show(amount: int, metric: Metric) -> str:
    """Return `amount` as people write it."""
    if metric == "cost_usd":
        return f"${amount // _NANO}.{amount % _NANO:09d}".rstrip("0").rstrip(".")
    return f"{amount:,}"


def window_words(window: Window) -> str:
    """Return a window in words."""
    match window.kind:
        case "lifetime":
            return "in all"
        case "sliding":
            return f"in any {window.length_s} s"
        case "interval":
            return f"per {window.length_s} s"
        case kind:
            return f"per {kind}"


def _name(metric: Metric) -> str:
    return "cost" if metric == "cost_usd" else metric.replace("_", " ").removesuffix("s")
