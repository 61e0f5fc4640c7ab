import os
import time

from tokenrouter.observe.process_figures import ProcessFigures


def test_a_process_says_what_it_uses() -> None:
    figures = ProcessFigures()
    before = figures.snapshot()
    reader, writer = os.pipe()
    held = b"x" * 30_000_000
    after = figures.snapshot()
    os.close(reader)
    os.close(writer)

    assert after["open_fds"] == before["open_fds"] + 2
    assert after["memory_bytes"] > before["memory_bytes"] + len(held) / 2
    assert after["cpu_s"] >= before["cpu_s"] > 0
    assert time.time() - 60 < after["started_s"] <= time.time()
