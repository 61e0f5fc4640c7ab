import os
import subprocess
import sys
import time

import pytest

from bench import procfs


def test_a_command_with_spaces_and_parentheses_does_not_shift_the_fields() -> None:
    fields = " ".join(str(n) for n in range(4, 53))

    stat = procfs.parse_stat(f"4711 (a) (b c) S {fields}")

    assert (stat.pid, stat.parent) == (4711, 4)
    assert stat.cpu_s == pytest.approx((14 + 15) / procfs.TICKS_PER_S)


def test_resident_memory_is_the_second_field_in_pages() -> None:
    assert procfs.parse_statm_rss("900 25 10 1 0 300 0\n") == 25 * procfs.PAGE_BYTES


def test_work_shows_as_cpu_time() -> None:
    before_s, end_s = procfs.cpu_s(os.getpid()), time.process_time() + 0.1
    while time.process_time() < end_s:
        pass

    assert procfs.cpu_s(os.getpid()) - before_s >= 0.1 - 2 / procfs.TICKS_PER_S


def test_a_process_that_has_ended_is_no_zero() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    with pytest.raises(ProcessLookupError):
        procfs.cpu_s(child.pid)


def test_a_tree_holds_children_of_children() -> None:
    inner = "import sys; print('up', flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()

        tree = procfs.tree(child.pid)

        child.communicate()
    assert tree[0] == child.pid
    assert len(tree) == 2


def test_the_proportional_share_is_read_in_kibibytes() -> None:
    text = "00400000-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  21864 kB\nPss:  14723 kB\nPss_Dirty: 11776 kB\n"

    assert procfs.parse_smaps_pss(text) == 14723 * 1024


def test_the_proportional_share_of_a_process_is_no_more_than_its_resident_memory() -> None:
    assert 0 < procfs.pss_bytes(os.getpid()) <= procfs.rss_bytes(os.getpid())
