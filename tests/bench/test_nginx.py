from pathlib import Path

import pytest

from bench import nginx
from bench.processes import RunFailed


def test_streams_alone_are_unbuffered() -> None:
    text = nginx.config_text(Path("home"), upstream_port=1000, port=2000, stream_port=3000)
    whole, streams = text.split("listen 127.0.0.1:2000")[1].split("listen 127.0.0.1:3000")

    assert "proxy_buffering off" not in whole
    assert "proxy_buffering off" in streams


def test_nginx_keeps_its_connections_to_the_provider() -> None:
    text = nginx.config_text(Path("home"), upstream_port=1000, port=2000, stream_port=3000)

    assert "server 127.0.0.1:1000;\n        keepalive 512;" in text
    assert 'proxy_set_header Connection "";' in text


def test_every_brace_of_the_configuration_is_closed() -> None:
    text = nginx.config_text(Path("home"), upstream_port=1000, port=2000, stream_port=3000)

    assert text.count("{") == text.count("}") > 0


def test_with_a_certificate_the_same_is_there_over_tls() -> None:
    secure = nginx.TlsPorts(Path("certificate.pem"), port=4000, stream_port=5000)
    text = nginx.config_text(Path("home"), upstream_port=1000, port=2000, stream_port=3000, tls=secure)
    whole, streams = text.split("listen 127.0.0.1:4000 ssl")[1].split("listen 127.0.0.1:5000 ssl")

    assert "ssl_certificate certificate.pem;" in text
    assert "proxy_buffering off" not in whole
    assert "proxy_buffering off" in streams
    assert text.count("{") == text.count("}")


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(RunFailed, match=r"no-such-program is not installed.*apt-get install some-package"):
        nginx.find_program("no-such-program", "some-package")
