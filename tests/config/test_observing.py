from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import LogSettings, OtelSettings, Settings


def read(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "torod.toml").write_text(text)
    return load(config=None, environ={"TOKENROUTER_HOME": str(folder), **environ})


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(folder, text)
    return [str(problem) for problem in caught.value.problems]


def test_what_of_the_log_is_kept_may_be_set(tmp_path: Path) -> None:
    settings = read(tmp_path, '[logs]\nmax_lines = 200000\nmax_bytes = 1000000\nlevel = "debug"\n')

    assert settings.logs == LogSettings(200_000, 1_000_000, "debug")
    assert read(tmp_path, "").logs == LogSettings(5000)


@pytest.mark.parametrize(
    "line", ["max_lines = 99", "max_lines = 200001", "max_bytes = 1", 'level = "loud"', "lines = 7"]
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, line: str) -> None:
    (mistake,) = mistakes(tmp_path, f"[logs]\n{line}\n")
    name, _, _ = line.partition(" ")

    assert mistake.startswith(f"torod.toml:2: logs.{name}: ")


def test_nothing_is_sent_where_nobody_names_a_collector(tmp_path: Path) -> None:
    assert not read(tmp_path, "").otel.enabled


def test_a_collector_may_be_named_in_the_file(tmp_path: Path) -> None:
    text = '[otel]\nendpoint = "http://127.0.0.1:4318"\nheaders = { authorization = "env:TOKEN" }\nmetrics = false\n'
    settings = read(tmp_path, text, TOKEN="Bearer x").otel

    assert settings == OtelSettings(
        enabled=True, endpoint="http://127.0.0.1:4318", headers=(("authorization", "Bearer x"),), metrics=False
    )
    assert "Bearer" not in repr(settings)


def test_the_standard_variables_are_enough_and_come_first(tmp_path: Path) -> None:
    found = read(tmp_path, "", OTEL_EXPORTER_OTLP_ENDPOINT="http://c:4318", OTEL_SERVICE_NAME="gateway").otel
    off = read(tmp_path, '[otel]\nendpoint = "http://c:4318"\n', OTEL_SDK_DISABLED="TRUE").otel

    assert found.enabled
    assert found.service_name == "gateway"
    assert found.environ == (("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"), ("OTEL_SERVICE_NAME", "gateway"))
    assert not off.enabled


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[otel]\nendpoint = "collector"\n', "torod.toml:2: otel.endpoint: "),
        ("[otel]\nenabled = true\n", "otel.endpoint: is missing"),
        ('[otel]\nheaders = { a = "env:NOT_THERE" }\n', "torod.toml:2: otel.headers.a: the environment variable"),
        ("[otel]\ninterval_s = 0\n", "torod.toml:2: otel.interval_s: "),
        ('metrics_addr = "everywhere"\n', "torod.toml:1: metrics_addr: 'everywhere' is not host:port"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistake in mistakes(tmp_path, text)[0]


def test_a_listener_for_metrics_is_on_loopback_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path, 'metrics_addr = ":9100"\n').metrics_addr == "127.0.0.1:9100"
    assert read(tmp_path, 'metrics_addr = "0.0.0.0:9100"\n').metrics_addr == "0.0.0.0:9100"
