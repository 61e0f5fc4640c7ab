"""A folder like the user's, but for what a program is to find otherwise: links to everything else of it.

So a program may be given other settings and keep its sessions, its prompts and what else it has in that folder.
"""

from collections.abc import Collection
from pathlib import Path


def mirror(original: Path, copy: Path, *, without: Collection[str] = (), also: Collection[str] = ()) -> None:
    """Make the folder `copy`, with a link to whatever is in `original`, which need not exist.

    `also` names files that may come to be: who writes them into the copy finds them in the original.
    """
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not original.is_dir():
        return
    for entry in sorted(original.iterdir()):
        if entry.name not in without:
            (copy / entry.name).symlink_to(entry.absolute(), target_is_directory=entry.is_dir())
    for name in also:
        if not (original / name).exists():
            (copy / name).symlink_to((original / name).absolute())
