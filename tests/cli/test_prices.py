import json

from tests.cli.installed import torod
from tokenrouter.testing.processes import Home

FILE = """
[[providers]]
name = "acme"
base_url = "https://acme.test"

[[prices]]
provider = "acme"
model = "large"
input_per_1m = 1
output_per_1m = 2
"""


def test_prices_are_set_listed_and_removed_beside_those_of_the_file(home: Home) -> None:
    (home.path / "torod.toml").write_text(FILE)

    made = torod(home, "prices", "set", "acme/small", "--input", "0.15", "--output", "0.6", "--per-request", "0.01")
    listed = torod(home, "prices", "list")

    assert made.exit_code == 0, made.stderr
    assert listed.stdout.splitlines() == [
        "acme/large  input $1, output $2 per million  from torod.toml:6",
        "acme/small  input $0.15, output $0.6 per million  from database",
    ]
    assert [one["name"] for one in json.loads(torod(home, "prices", "list", "--json").stdout)] == [
        "acme/small",
        "acme/large",
    ]
    assert torod(home, "prices", "remove", "acme/small").exit_code == 0
    assert "there is no price" in torod(home, "prices", "remove", "acme/small").stderr


def test_what_cannot_be_a_price_is_told(home: Home) -> None:
    (home.path / "torod.toml").write_text(FILE)

    def told(name: str, price: str) -> str:
        return torod(home, "prices", "set", name, "--input", price, "--output", "1").stderr

    assert "declared at torod.toml:6" in told("acme/large", "1")
    assert "there is no provider 'acne'" in told("acne/small", "1")
    assert "input_per_1m: -1 is negative" in told("acme/small", "-1")
