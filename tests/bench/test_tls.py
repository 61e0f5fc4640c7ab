from pathlib import Path

from bench import tls
from bench.targets import Target, gateway_command
from bench.tls import over_tls
from tokenrouter.config.load import load


def test_the_gateway_speaks_tls_beside_plain_http(tmp_path: Path) -> None:
    gateway_command(tmp_path, 8080, 9000, tls.setup(tmp_path / "certificate.pem", 8443))

    loaded = load(config=str(tmp_path / "bench.toml"), environ={"TOKENROUTER_HOME": str(tmp_path)})

    assert (loaded.tls.enabled, loaded.tls.mode) == (True, "pem")
    assert loaded.tls.cert_file == loaded.tls.key_file == str(tmp_path / "certificate.pem")


def test_over_tls_it_is_the_same_process() -> None:
    plain = Target("nginx", 1, 2, 4711)

    assert over_tls(plain, 3, 4) == Target("nginx, TLS", 3, 4, 4711, is_secure=True)
