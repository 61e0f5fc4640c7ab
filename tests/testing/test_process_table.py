import os
import subprocess
import sys

from tokenrouter.testing.process_table import descendants, is_running

CHILD_AND_GRANDCHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "print('up', flush=True); input()"], stdin=subprocess.PIPE)
sys.stdin.read()
child.communicate()
"""


def test_children_are_found_with_theirs_and_dead_ones_are_not_running() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD_AND_GRANDCHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()

        pids = [row.pid for row in descendants(os.getpid())]

        assert parent.pid in pids
        (grandchild,) = [row.pid for row in descendants(parent.pid)]
        assert pids.index(parent.pid) < pids.index(grandchild)
        assert is_running(grandchild)
        parent.communicate()
    assert not is_running(grandchild)
    assert not is_running(parent.pid)
