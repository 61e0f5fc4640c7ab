"""What is said of a temporary key, on either side of the command's name."""

import click
import pytest
from click.testing import CliRunner, Result

from tokenrouter.cli.wrapping.wishes import Ttl, Wishes, pass_down, wish_options, wishes_of


@click.group()
@wish_options
@click.pass_context
def group(context: click.Context, /, **said: object) -> None:
    pass_down(context, said)


@group.command(context_settings={"allow_interspersed_args": False})
@wish_options
@click.argument("args", nargs=-1)
def program(args: tuple[str, ...], **said: object) -> None:
    wishes = wishes_of(said)
    click.echo(f"{wishes.ttl_s:g} {wishes.name} {wishes.url} {wishes.key} {wishes.is_quiet} {' '.join(args)}".strip())


@group.command()
@click.option("--url")
@click.option("--name")
def question(url: str | None, name: str | None) -> None:
    click.echo(f"{url} {name}")


def typed(line: str) -> Result:
    return CliRunner().invoke(group, line.split())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("program", "28800 None None None False"),
        ("--ttl 2h --name thesis -q program x", "7200 thesis None None True x"),
        ("program --ttl 90m --url http://a --key tr_b x --ttl 1s", "5400 None http://a tr_b False x --ttl 1s"),
        ("--ttl 2h --url http://a program --ttl 1h", "3600 None http://a None False"),
        ("--url http://a --name thesis question", "http://a None"),
    ],
)
def test_what_stands_nearer_counts_and_each_command_hears_what_it_knows(line: str, told: str) -> None:
    assert typed(line).output.strip() == told


@pytest.mark.parametrize("ttl", ["0s", "25h", "2d", "8", "-1h", "h", "1e3s", "9h9"])
def test_a_life_that_is_none_or_too_long_is_refused_with_words(ttl: str) -> None:
    refused = typed(f"program --ttl={ttl}")

    assert refused.exit_code == 2
    assert "is no time from 1s to 24h; write 90m or 8h" in refused.output


def test_a_day_is_the_longest_life() -> None:
    assert Ttl().convert("24h", None, None) == Ttl().convert("1d", None, None) == 86_400


def test_a_key_is_not_shown_with_the_rest() -> None:
    assert "tr_secret" not in repr(Wishes(key="tr_secret"))


def test_a_key_is_not_read_from_what_is_the_program_s() -> None:
    with pytest.raises(click.UsageError, match="TOKENROUTER_API_KEY"):
        wishes_of({"ttl": None, "name": None, "url": None, "key": "-", "quiet": False})
