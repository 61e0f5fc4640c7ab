"""One data process that counts in memory, and the control process that restores it."""

from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.limits.money import TABLE, MoneyInterleavings, Process
from tokenrouter.limits.adjusting import Adjusting
from tokenrouter.limits.memory import MemoryLimiter


class MemoryMoney(MoneyInterleavings):
    """Both processes may die at any moment, one of them or both."""

    LIMITS: Final = tuple(TABLE)

    def __init__(self) -> None:
        super().__init__()
        self.journals = self.folder / "journal"
        self.control = self.new_drain(self.journals)
        self.start()

    def start(self) -> None:
        """Start a data process: it begins with what the books say."""
        keeper = MemoryLimiter(self.LIMITS, clock=self.clock)
        figures = self.control.figures()
        keeper.restore(figures.together(), figures.limit_ids, figures.past)
        assert not keeper.unrestored
        self.adjusting = Adjusting(keeper.adjust)
        self.adjusting.restored(figures.limit_ids, figures.adjusted)
        self.tell_adjustments()
        self.restarted_s = self.clock.now_s
        self.processes = [Process(self.journals, keeper)]

    def tell_adjustments(self) -> None:
        self.adjusting.take(self.adjustments())

    def drain(self, folder: Path) -> None:
        self.control.drain()

    @rule(with_control=st.booleans())
    def crash(self, with_control: bool) -> None:
        self.processes[0].kill()
        if with_control:
            self.restart_control()
        self.start()

    @precondition(lambda self: self.begun())
    @rule(data=st.data(), share=st.integers(0, 100))
    def crash_at_an_end(self, data: st.DataObject, share: int) -> None:
        """A request's end is the last thing that a process does."""
        self.write_end(*data.draw(st.sampled_from(self.begun())), share)
        self.crash(with_control=False)

    @rule()
    def restart_control(self) -> None:
        self.control = self.new_drain(self.journals)
