"""What a limit that stands in the way is called, for people."""

from math import ceil

from tokenrouter.domain.limits import Limit, Metric, Window

_NANO = 10**9


def describe(
    limit: Limit, scope: str, *, used: int, held: int, asked: int, back_in_s: float | None, allowed: int | None = None
) -> str:
    """Return the words of a refusal: which limit, its window, what is used and held, what was asked, when to return.

    `allowed` is the limit's amount of now, where that is not the usual one.
    """
    metric = limit.metric
    amount = limit.amount if allowed is None else allowed
    return (
        f"The {_name(metric)} limit of {scope} ({show(amount, metric)} {window_words(limit.window)}) "
        f"is in the way: {show(used, metric)} used, {show(held, metric)} held by running requests, "
        f"{show(asked, metric)} needed by this one. {_advice(amount, asked, back_in_s)}"
    )


def _advice(amount: int, asked: int, back_in_s: float | None) -> str:
    if back_in_s is not None:
        return f"Come back in {duration_words(back_in_s)}."
    if asked > amount > 0:
        return "It is more than the whole limit; ask for less."
    return "Waiting does not help; ask whoever set the limit."


def duration_words(seconds: float) -> str:
    """Return a length of time as people say it, rounded up."""
    for unit_s, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds > 2 * unit_s:
            return f"{ceil(seconds / unit_s)} {unit}"
    return f"{max(1, ceil(seconds))} s"


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
