import json
import subprocess
import sys
import time

from tokenrouter.observe.process_figures import ProcessFigures

# In a process of its own: one that has run thousands of tests takes 30 MB from memory that it was given long ago,
# and closes files whenever its garbage is collected.
_TAKES_MEMORY_AND_FILES = """
import json, os
from tokenrouter.observe.process_figures import ProcessFigures

figures = ProcessFigures()
before = figures.snapshot()
reader, writer = os.pipe()
held = b"x" * 30_000_000
print(json.dumps([before, figures.snapshot()]))
"""


def test_a_process_says_what_it_takes() -> None:
    done = subprocess.run([sys.executable, "-c", _TAKES_MEMORY_AND_FILES], capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)

    assert after["open_fds"] == before["open_fds"] + 2
    assert after["memory_bytes"] > before["memory_bytes"] + 15_000_000
    assert after["cpu_s"] >= before["cpu_s"] > 0


def test_a_process_says_since_when_it_is_looked_at() -> None:
    before_s = time.time()
    begun_s = ProcessFigures().snapshot()["started_s"]

    assert before_s <= begun_s <= time.time()
