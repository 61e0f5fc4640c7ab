from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.gateway.brake import Brake


class Flow:
    """Counts how often it was stopped and started."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")


def test_what_two_hold_runs_again_when_both_let_go() -> None:
    flow = Flow()
    brake = Brake(flow)
    brake.pause()
    brake.hold("limit")
    brake.resume()
    assert flow.told == ["pause"]

    brake.let_go("limit")
    assert flow.told == ["pause", "resume"]


@given(st.lists(st.sampled_from(["pause", "resume", "hold", "let go"])))
def test_it_is_never_stopped_or_started_twice_in_a_row(steps: list[str]) -> None:
    flow = Flow()
    brake = Brake(flow)
    for step in steps:
        match step:
            case "pause":
                brake.pause()
            case "resume":
                brake.resume()
            case "hold":
                brake.hold("limit")
            case _:
                brake.let_go("limit")

    assert flow.told == ["pause", "resume"] * (len(flow.told) // 2) + ["pause"] * (len(flow.told) % 2)
