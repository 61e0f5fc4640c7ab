"""What systemd is told: that the service is ready, and that it stops (sd_notify(3), one datagram each).

So `systemctl start` returns when requests are served, and what is ordered after the service finds it serving. Where
nobody asked to be told (`NOTIFY_SOCKET` is not set), nothing happens.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def tell_service_manager(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send `state`; a manager that cannot be reached is no reason to stop serving."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    target = f"\0{address[1:]}" if address.startswith("@") else address  # a name without a file
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(1.0)
        sender.sendto(state.encode(), target)
