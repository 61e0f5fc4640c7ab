"""`torod aliases` and `torod profile` as a user types them."""

import json
import os

import pytest
from click.testing import CliRunner, Result

from tests.cli.test_torod import torod
from tokenrouter.cli.torod import main
from tokenrouter.testing.processes import Home, make_home

DECLARED = """
[[providers]]
name = "acme"
base_url = "http://127.0.0.1:9/v1"

[[aliases]]
name = "declared"
targets = ["acme/small", { target = "acme/tiny", profile = "home" }]
"""


CONDUCT = ("--not-sticky", "--deadline", "30", "--hedge")


@pytest.fixture(scope="module")
def home_of_acme(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("acme"))
    (home.path / "torod.toml").write_text(DECLARED)
    return home


def run(home: Home, *args: str) -> Result:
    """Run a command in this process; that it starts as one of its own is the first test's business."""
    return CliRunner().invoke(main, args, env={**dict.fromkeys(os.environ), **home.env})


def test_an_alias_is_set_listed_set_again_and_removed(home_of_acme: Home) -> None:
    said = ("--fallback", "declared", "--light-model", "nano", "--light-threshold", "40", "--comment", "spring")
    assert run(home_of_acme, "aliases", "set", "smart", "acme/large", "home=acme/tiny", *said).exit_code == 0

    listed = torod(home_of_acme, "aliases", "list").stdout.splitlines()
    assert listed == [
        "declared  global  acme/small, home=acme/tiny  from torod.toml:6",
        "smart  global  acme/large, home=acme/tiny  else declared  below 40 tokens nano  from database",
    ]

    again = run(home_of_acme, "aliases", "set", "smart", "acme/a=b", "declared", "--weights", "3,1", *CONDUCT, "--json")
    shown = json.loads(again.stdout)
    assert (shown["targets"][0]["target"], shown["selection"], shown["comment"]) == ("acme/a=b", "weighted", "spring")
    (smart,) = [one for one in json.loads(run(home_of_acme, "aliases", "list", "--json").stdout) if one == shown]
    assert (smart["sticky"], smart["hedge"], smart["deadline_s"], smart["probe_s"]) == (False, True, 30.0, 5.0)
    assert "sticky=False  deadline_s=30.0  hedge=True" in run(home_of_acme, "aliases", "list").stdout
    assert (smart["origin"], smart["fallback"], smart["use_light_model"]) == ("database", "", False)

    assert run(home_of_acme, "aliases", "remove", "smart").exit_code == 0
    assert "smart" not in run(home_of_acme, "aliases", "list").stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("set", "declared", "acme/x"), "is declared at torod.toml:6; change it there"),
        (("remove", "declared"), "is declared at torod.toml:6; change it there"),
        (("remove", "nothing"), "there is no alias 'nothing' of global in the database"),
        (("set", "a", "acne/x"), 'did you mean "acme/x"?'),
        (("set", "a", "home=acme/x"), 'has none for the profile "default"'),
        (("set", "a", "a"), "leads in a circle: a → a"),
        (("set", "a", "acme/x", "--weights", "1,2"), "--weights must be 1 whole numbers"),
        (("set", "a", "acme/x", "--scope", "physics"), "use global, team:NAME or user:NAME"),
    ],
)
def test_what_cannot_be_is_refused_in_words(home_of_acme: Home, args: tuple[str, ...], words: str) -> None:
    done = run(home_of_acme, "aliases", *args)

    assert done.exit_code == 1
    assert words in done.stderr


def test_the_sandbox_may_be_named_though_only_the_server_was_told_of_it(home_of_acme: Home) -> None:
    assert run(home_of_acme, "aliases", "set", "playground", "sandbox/echo").exit_code == 0
    assert run(home_of_acme, "aliases", "remove", "playground").exit_code == 0


def test_an_alias_to_which_another_leads_stays(home_of_acme: Home) -> None:
    assert run(home_of_acme, "aliases", "set", "inner", "acme/x", "--scope", "team:a").exit_code == 0
    assert run(home_of_acme, "aliases", "set", "outer", "inner", "--scope", "team:a").exit_code == 0

    refused = run(home_of_acme, "aliases", "remove", "inner", "--scope", "team:a")

    assert "the alias 'outer' of team:a forbids it" in refused.stderr


def test_a_profile_is_used_and_reset(home_of_acme: Home) -> None:
    assert run(home_of_acme, "profile", "use", "home").exit_code == 0
    assert run(home_of_acme, "profile", "show").stdout.splitlines() == [
        "home  instead of 'default', which the configuration says",
        "profiles: default, home",
    ]
    assert json.loads(run(home_of_acme, "profile", "show", "--json").stdout)["overridden"] is True

    assert run(home_of_acme, "profile", "reset").exit_code == 0
    assert run(home_of_acme, "profile", "show").stdout.startswith("default\n")
    assert 'did you mean "home"?' in run(home_of_acme, "profile", "use", "hom").stderr


def test_a_circle_is_refused_and_named(home_of_acme: Home) -> None:
    assert run(home_of_acme, "aliases", "set", "first", "acme/small").exit_code == 0
    assert run(home_of_acme, "aliases", "set", "second", "first").exit_code == 0

    refused = run(home_of_acme, "aliases", "set", "first", "acme/small", "--fallback", "second")

    assert refused.exit_code != 0
    assert "leads in a circle" in refused.output
    assert run(home_of_acme, "aliases", "remove", "second").exit_code == 0
    assert run(home_of_acme, "aliases", "remove", "first").exit_code == 0
