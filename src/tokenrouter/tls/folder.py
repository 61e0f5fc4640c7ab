"""The folder of certificates below the state folder: one file for each way to come by one, key and chain together.

Whoever serves reads these files only: they are replaced at once (so never half), were checked before, and are there
when the server starts without a network, a database or the control process.
"""

import os
import ssl
from pathlib import Path
from typing import Final

from tokenrouter.config.settings import Settings, TlsMode
from tokenrouter.tls.pair import BadCertificate, Pair

FOLDER: Final = "tls"


def tls_folder(settings: Settings) -> Path:
    """Return the folder, made for its owner alone."""
    folder = settings.paths.state_dir / FOLDER
    _make_private(folder)
    return folder


def kept_file(settings: Settings, mode: TlsMode) -> Path:
    """Return where the pair is kept that comes by `mode`: `pem.pem`, `self_signed.pem`, `letsencrypt.pem`."""
    return settings.paths.state_dir / FOLDER / f"{mode}.pem"


def served_file(settings: Settings) -> Path:
    """Return the pair that is to be served: until an authority has answered, one that we have made ourselves."""
    wanted = kept_file(settings, settings.tls.mode)
    return wanted if wanted.exists() else kept_file(settings, "self_signed")


def keep_pair(path: Path, pair: Pair) -> None:
    """Write `pair` into `path`, all of it or nothing, readable by its owner alone.

    Raises:
        BadCertificate: it cannot be served with (a key that is too short, for instance).
        OSError: the folder cannot be written.
    """
    _make_private(path.parent)
    new = path.with_suffix(".new")
    write_private(new, pair.pem)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(new)
    except ssl.SSLError as error:
        new.unlink()
        raise BadCertificate(f"TLS cannot be spoken with this certificate: {error.reason or error}") from None
    new.replace(path)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that its owner alone can read at any moment, in place of one that was left behind.

    What was left behind is not opened: it may be readable by others, or be a link that somebody else has laid.

    Raises:
        OSError: the folder cannot be written.
    """
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_private(folder: Path) -> None:
    """Make the folder and the state folder above it; the mode that `mkdir` is given is that of the last one only."""
    for path in (folder.parent, folder):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
