import json

from tests.cli.installed import torod
from tokenrouter.testing.processes import Home


def test_every_mistake_is_told_to_programs_with_its_place(home: Home) -> None:
    (home.path / "torod.toml").write_text(
        'listen_adr = "x"\n[[providers]]\nname = "a"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "env:NOWHERE"\n'
        '[[incoming_tokens]]\nname = "b"\nkey = "file:/not/there"\n'
    )

    done = torod(home, "config", "check", "--json", PORT="x", HOST="h")

    told = json.loads(done.stdout)
    rows = {(row["file"], row["line"], row["key"]): row for row in reversed(told["problems"])}
    assert (done.exit_code, told["ok"]) == (1, False)
    assert rows["torod.toml", 1, "listen_adr"]["suggestion"] == 'did you mean "listen_addr"?'
    assert "'NOWHERE' is not set" in rows["torod.toml", 5, "providers[0].api_key"]["message"]
    assert "cannot be read" in rows["torod.toml", 8, "incoming_tokens[0].key"]["message"]
    assert rows[None, None, "listen_addr"]["where"] == "$PORT"


def test_what_is_right_is_told_to_programs(home: Home) -> None:
    (home.path / "torod.toml").write_text('[[incoming_tokens]]\nname = "a"\nkey = "12345678"\n')

    done = torod(home, "config", "check", "--json")

    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["keys"]) == (0, True, 1)
    assert told["config_file"] == str(home.path / "torod.toml")
    assert "easier to guess" in told["notices"][0]["message"]
