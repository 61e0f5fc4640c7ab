"""A machine beside this one: everything that is here, and nothing that is changed there comes back.

An overlay of the root file system, in namespaces of its own: packages are installed by their real tools, maintainer
scripts and all, services run as the unit says, and what has changed lies in one folder afterwards, to be looked at.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ENTER: Final = """
set -eu
# What is written need not outlive a crash, so nothing waits for the disk; the mark says that it might have crashed.
rm -rf "$1/work/work/incompat"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work,volatile" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
mount -t tmpfs tmpfs "$1/root/tmp"
chmod 1777 "$1/root/tmp"
if [ -n "$2" ]; then
  mount --bind "$1/volume" "$1/root$2"
  mount -o remount,ro "$1/root"
fi
place="$1/root"
shift 2
exec chroot "$place" "$@"
"""
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NoOtherRoot(Exception):
    """There can be none here; the message says why."""


class OtherRoot:
    """One such machine. One command runs on it at a time, and takes what it has started along when it ends."""

    def __init__(self, folder: Path) -> None:
        """`folder` is empty, and lies on a file system that can be an overlay's upper layer.

        Raises:
            NoOtherRoot: no overlay can be mounted here.
        """
        self._folder = folder
        self.upper = folder / "upper"
        self.volume = folder / "volume"
        for name in ("upper", "work", "root", "volume"):
            (folder / name).mkdir(parents=True)
        done = subprocess.run(self.command(["/bin/true"]), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoOtherRoot(f"no overlay file system here: {done.stderr.strip()[-200:]}")

    def command(self, argv: Sequence[str | Path], volume: str = "", **environ: str) -> list[str]:
        """Return what runs `argv` there, with `environ` and nothing else in its environment.

        With `volume` nothing can be written there but below that folder, which is `self.volume`, and /tmp and /run.
        """
        apart = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private"]
        bare = ["/usr/bin/env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8", *(f"{k}={v}" for k, v in environ.items())]
        return [*apart, "sh", "-c", _ENTER, "sh", str(self._folder), volume, *bare, *map(str, argv)]

    def run(self, *argv: str, **environ: str) -> str:
        """Run a command there to its end; return what it printed, both streams.

        Raises:
            AssertionError: it failed.
        """
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(self.command(argv, **environ), text=True, check=False, stdin=subprocess.DEVNULL, **both)  # type: ignore[call-overload]
        assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}"
        return str(done.stdout)

    def put(self, source: Path, target: str) -> str:
        """Copy a file to a path there, which is returned."""
        place = self.upper / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
        return target

    def changes(self) -> set[str]:
        """Return the files that are there and are not here, or are others than here; no folders."""
        found = set()
        for folder, _, names in os.walk(self.upper):
            for name in names:
                path = Path(folder, name)
                if not _is_whiteout(path):
                    found.add("/" + path.relative_to(self.upper).as_posix())
        return found

    def folders(self) -> set[str]:
        """Return the folders that are there and are not here."""
        return {
            here
            for folder, _, _ in os.walk(self.upper)
            if not Path(here := "/" + Path(folder).relative_to(self.upper).as_posix()).exists()
        }


def _is_whiteout(path: Path) -> bool:
    """Whether it says that a file of the lower layer is gone (Documentation/filesystems/overlayfs.rst)."""
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
