"""nginx as the yardstick: one worker, kept connections, nothing but `proxy_pass`.

The worker gets every setting that makes it faster in this comparison: no log, kept connections on both
sides, request bodies in memory. Streams have a listener of their own with `proxy_buffering off`, as anyone
who relays them has to set it. With a certificate both are there once more, over TLS.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.processes import RunFailed

CONFIG: Final = """\
{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {home}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_max_body_size 64m;
    client_body_buffer_size 1m;
    keepalive_requests 100000000;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_read_timeout 600s;
    upstream provider {{
        server 127.0.0.1:{upstream_port};
        keepalive 512;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://provider; }}
    }}
    server {{
        listen 127.0.0.1:{stream_port} backlog=4096;
        location / {{ proxy_pass http://provider; proxy_buffering off; }}
    }}
{tls}}}
"""
TLS: Final = """\
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        location / {{ proxy_pass http://provider; }}
    }}
    server {{
        listen 127.0.0.1:{stream_port} ssl backlog=4096;
        location / {{ proxy_pass http://provider; proxy_buffering off; }}
    }}
"""
SEARCHED: Final = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"
"""Where nginx is installed besides PATH: Debian keeps it out of a plain user's PATH."""


@dataclass(frozen=True, slots=True)
class TlsPorts:
    """Where nginx speaks TLS beside plain HTTP; `certificate` is a file with the key in it."""

    certificate: Path
    port: int
    stream_port: int


def find() -> str:
    """Return nginx's path.

    Raises:
        RunFailed: it is not installed; says how to install it.
    """
    return find_program("nginx", "nginx-light")


def find_program(name: str, debian_package: str) -> str:
    """Return the path of a program that the bench does not bring along."""
    path = shutil.which(name) or shutil.which(name, path=SEARCHED)
    if path is None:
        raise RunFailed(f"{name} is not installed; on Debian or Ubuntu: sudo apt-get install {debian_package}")
    return path


def config_text(home: Path, upstream_port: int, port: int, stream_port: int, tls: TlsPorts | None = None) -> str:
    """Return the configuration: whole answers on `port`, streams on `stream_port`, files in `home`."""
    user = "user root root;\n" if os.geteuid() == 0 else ""
    secure = ""
    if tls is not None:
        secure = TLS.format(certificate=tls.certificate, port=tls.port, stream_port=tls.stream_port)
    return CONFIG.format(
        user=user, home=home, upstream_port=upstream_port, port=port, stream_port=stream_port, tls=secure
    )
