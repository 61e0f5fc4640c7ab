from pathlib import Path

from tokenrouter.config.load import load
from tokenrouter.config.origins import PREFIX


def origins(folder: Path, text: str, flags: dict[str, object] | None = None, **environ: str) -> dict[str, str]:
    (folder / "torod.toml").write_text(text)
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(folder), **environ}, overrides=flags)
    named = settings.origins.items()
    return {name.removeprefix(PREFIX): origin for name, origin in named if name.startswith(PREFIX)}


def test_each_value_has_the_place_that_it_comes_from(tmp_path: Path) -> None:
    text = 'drain_s = 3\nlisten_addr = ":1"\nmax_concurrent_requests = 3\n[cache]\nttl_s = 4\n[timeouts]\ntotal_s = 9\n'

    assert origins(tmp_path, text, {"workers": 1}, TOKENROUTER_LISTEN_ADDR=":2", MAX_CONCURRENT_REQUESTS="4") == {
        "drain_s": "torod.toml:1",
        "listen_addr": "$TOKENROUTER_LISTEN_ADDR",
        "max_concurrent_requests": "$MAX_CONCURRENT_REQUESTS",
        "cache.ttl_s": "torod.toml:5",
        "timeouts.total_s": "torod.toml:7",
        "workers": "--workers",
    }


def test_a_flag_comes_before_everything_and_a_pair_of_variables_is_one(tmp_path: Path) -> None:
    assert origins(tmp_path, "", HOST="0.0.0.0", PORT="1")["listen_addr"] == "$PORT"
    assert origins(tmp_path, "", {"listen_addr": ":3"}, HOST="0.0.0.0", PORT="1")["listen_addr"] == "--listen-addr"


def test_some_variables_only_stand_in_for_the_file(tmp_path: Path) -> None:
    for text, origin in (("", "$TOKENROUTER_METRICS_TOKEN"), ('metrics_token = "in the file"', "torod.toml:1")):
        assert origins(tmp_path, text, TOKENROUTER_METRICS_TOKEN="in a variable")["metrics_token"] == origin
