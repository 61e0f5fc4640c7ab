"""`python -m bench`: what `make bench` runs.

Ends with 0 when everything could be measured, also when a target is missed: a bench reports, it does
not judge. It ends with 1 when a part failed.
"""

import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Final

from bench import machine, nginx, options, report, wrk
from bench.cores import available_cores, pinned, plan_cores
from bench.processes import OUT, ROOT, RunFailed
from bench.run import Run

PAGE: Final = ROOT / "bench" / "README.md"


def main() -> int:
    """Return the exit code; logs of a run that failed or was stopped are kept."""
    wanted = options.parse()
    if sys.platform != "linux":
        print("bench: needs Linux (it pins processes to cores and reads /proc)", file=sys.stderr)
        return 1
    OUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=OUT))
    try:
        failed = _run(wanted, folder)
    except RunFailed as failure:
        print(f"\nbench: {failure}", file=sys.stderr)
        failed = True
    except KeyboardInterrupt:
        print("\nbench: stopped", file=sys.stderr)
        shutil.rmtree(folder)
        return 130
    if failed:
        print(f"bench: a part failed; logs are in bench/out/{folder.name}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


def _run(wanted: options.Options, folder: Path) -> bool:
    """Measure, print, and record when asked to; return whether a part failed."""
    begin_s = time.monotonic()
    signal.signal(signal.SIGTERM, _as_interrupt)
    _raise_file_limit()
    plan = plan_cores(available_cores())
    programs = [nginx.find(), wrk.find()] if wanted.is_beside_nginx else []
    about = "\n".join(f"- {line}" for line in machine.describe(plan, programs))
    print(about, flush=True)
    run = Run(wanted, plan, folder)
    with pinned(plan.beside):
        run.measure()
    print(f"\n{time.monotonic() - begin_s:.0f} s in all")
    if wanted.record and not run.failed:
        _record(about, run.sections)
    return bool(run.failed)


def _record(about: str, sections: dict[str, str]) -> None:
    """Write TLS, translation, the control plane and the UI in places of their own: they are also measured alone."""
    for name in ("tls", "translation", "control", "ui"):
        apart = sections.pop(name, None)
        if apart is not None:
            report.write_between_markers(PAGE, name, f"\n{about}\n\n{apart}\n")
    if sections:
        report.write_between_markers(PAGE, "figures", "\n" + "\n\n".join([about, *sections.values()]) + "\n")


def _as_interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _raise_file_limit() -> None:
    """A thousand streams need two thousand files in a proxy; all processes inherit this."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
