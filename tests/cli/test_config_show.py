import json

from tests.cli.installed import torod
from tests.config.wholes import ENVIRONMENT, TEXT
from tokenrouter.testing.processes import Home


def test_what_the_file_says_is_shown_with_its_lines(home: Home) -> None:
    (home.path / "torod.toml").write_text(TEXT)

    done = torod(home, "config", "show", **ENVIRONMENT)

    assert done.exit_code == 0, done.stderr
    assert "hidden" not in done.stdout
    assert "cache.ttl_s = 60  (torod.toml:9)" in done.stdout
    assert "metrics_token = (secret)  (torod.toml:2)" in done.stdout
    assert "log_level" not in done.stdout


def test_what_counts_is_shown_with_who_says_so(home: Home) -> None:
    (home.path / "torod.toml").write_text('unpriced = "deny"\nlog_level = "error"\n[[teams]]\nname = "physics"\n')
    torod(home, "settings", "set", "unpriced", "allow")

    done = torod(home, "config", "show", "--effective", "--json", TOKENROUTER_METRICS_TOKEN="hidden-token-1")
    lines = {line["name"]: line for line in json.loads(done.stdout)}

    assert "hidden" not in done.stdout
    assert (lines["unpriced"]["value"], lines["unpriced"]["origin"]) == ("allow", "database")
    assert (lines["log_level"]["origin"], lines["log_level"]["takes_effect"]) == ("torod.toml:2", "restart")
    assert (lines["metrics_token"]["value"], lines["metrics_token"]["origin"]) == (
        "(secret)",
        "$TOKENROUTER_METRICS_TOKEN",
    )
    assert (lines["keep_alive_s"]["origin"], lines["keep_alive_s"]["takes_effect"]) == ("default", "reload")
    assert lines["team.physics"]["origin"] == "torod.toml:3"


def test_showing_makes_nothing(home: Home) -> None:
    assert torod(home, "config", "show", "--effective").exit_code == 0
    assert torod(home, "config", "plan").exit_code == 0
    assert not list(home.path.iterdir())


def test_only_what_is_asked_for_is_shown_and_a_slip_is_answered(home: Home) -> None:
    names = [
        line.partition(" = ")[0] for line in torod(home, "config", "show", "--effective", "cache").stdout.split("\n")
    ]
    wrong = torod(home, "config", "show", "--effective", "cache.ttl")

    assert names[:2] == ["cache.backend", "cache.max_bytes"]
    assert all(name.startswith("cache.") for name in names if name)
    assert wrong.exit_code == 1
    assert 'did you mean "cache.ttl_s"?' in wrong.stderr


def test_a_server_that_is_not_there_cannot_be_compared_with(home: Home) -> None:
    done = torod(home, "config", "show", "--running")

    assert done.exit_code == 1
    assert "no server runs here" in done.stderr
