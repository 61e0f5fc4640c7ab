"""The machine: room on the disk, files that may be open at once, and the address that is listened on."""

import errno
import os
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tokenrouter.cli.doctor.finding import Finding, Patient, amount
from tokenrouter.config.load import split_address
from tokenrouter.config.settings import Settings
from tokenrouter.config.shown import setting_part
from tokenrouter.domain.system_errors import reason

MIN_FREE_BYTES: Final = 256 * 2**20
"""Below this a busy gateway is at the end of its disk within minutes."""
LOW_FREE_BYTES: Final = 2 * 2**30
MIN_FREE_FILES: Final = 1_000
FILES_BESIDE: Final = 256
"""Open files of a data process that are no client's: journals, the log, sockets of its own."""
_BIND_PROBLEMS: Final = {
    errno.EADDRINUSE: "stop what uses it (`ss -ltnp` says what), or choose another with {name}",
    errno.EACCES: "ports below 1024 are root's: choose another, put a reverse proxy in front, or allow it "
    "(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE)",
    errno.EADDRNOTAVAIL: "it is no address of this machine; choose one that is, or 0.0.0.0 for all",
}


def check_disk(patient: Patient) -> Iterator[Finding]:
    """Say how much room is left where the database and the journals lie."""
    folder = next(path for path in (patient.paths.state_dir, *patient.paths.state_dir.parents) if path.exists())
    reserve = patient.settings.journal_reserve_bytes if patient.settings is not None else 0
    free = shutil.disk_usage(folder).free
    says = f"{amount(free)} are free at {folder}"
    do = "make room, or bound what is kept: ledger_retention_days, [conversations] max_bytes, [logs] max_bytes"
    if free < MIN_FREE_BYTES + reserve:
        yield Finding("problem", "disk", says, do)
    else:
        yield Finding("warning" if free < LOW_FREE_BYTES else "ok", "disk", says, do if free < LOW_FREE_BYTES else "")
    files = os.statvfs(folder)
    if files.f_files and files.f_favail < MIN_FREE_FILES:
        says = f"only {files.f_favail} more files fit on it (inodes), whatever room is left"
        yield Finding("problem", "disk", says, "delete small files, or make a file system with more inodes")


def check_open_files(patient: Patient) -> Iterator[Finding]:
    """Say whether as many connections can be open as are allowed."""
    if patient.settings is None:
        return
    soft, _ = _open_files_of(patient)
    wanted = 2 * patient.settings.max_connections + FILES_BESIDE
    if soft in (resource.RLIM_INFINITY, -1) or soft >= wanted:
        yield Finding("ok", "open files", f"a process may have {'any number' if soft < 0 else soft} open")
        return
    most = max(0, soft - FILES_BESIDE) // 2
    says = (
        f"a process may have {soft} open, which is enough for some {most} requests at once; "
        f"max_connections is {patient.settings.max_connections}"
    )
    yield Finding("note", "open files", says, f"ulimit -n {wanted} before the start (systemd: LimitNOFILE={wanted})")


def _open_files_of(patient: Patient) -> tuple[int, int]:
    """Return the bounds of the running server where the system tells them, else our own."""
    if patient.server is not None and patient.server.pid:
        try:
            for line in Path(f"/proc/{patient.server.pid}/limits").read_text(encoding="ascii").splitlines():
                if line.startswith("Max open files"):
                    soft, hard = line.split()[3:5]
                    return (-1 if soft == "unlimited" else int(soft)), (-1 if hard == "unlimited" else int(hard))
        except (OSError, ValueError):
            pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def check_ports(patient: Patient) -> Iterator[Finding]:
    """Say whether the addresses can be listened on, or are held by the server that runs here."""
    if patient.settings is None:
        return
    held = patient.applied.outline.get("setting", {}).get("", {}) if patient.applied and patient.server else {}
    for name in _listened(patient.settings):
        address = str(setting_part(patient.settings, name))
        parts = split_address(address) if address else None
        if parts is None:
            continue
        if held.get(name) == address:
            yield Finding("ok", name, f"{address} is held by the server that runs here")
        else:
            yield _bindable(name, address, *parts)


def _listened(settings: Settings) -> list[str]:
    """Return the settings of addresses that are listened on."""
    names = ["metrics_addr", *(["listen_addr"] if settings.http_mode != "disabled" else [])]
    return [*names, "tls.listen_addr", "tls.redirect_addr"] if settings.tls.enabled else names


def _bindable(name: str, address: str, host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        do = _BIND_PROBLEMS.get(error.errno or 0, "choose another address").format(name=name)
        return Finding("problem", name, f"{address} cannot be listened on: {reason(error)}", do)
    return Finding("ok", name, f"{address} is free")
