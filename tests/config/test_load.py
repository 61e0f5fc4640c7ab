from pathlib import Path

import pytest

from tokenrouter.config.load import load, split_address
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.providers.base import Origin
from tokenrouter.upstream.proxies import ProxyTable

GOOD = """\
listen_addr = "127.0.0.1:8080"
database_url = "sqlite:///tokenrouter.db"
default_provider = "acme"

[[providers]]
name = "acme"
provider_type = "openai-compatible"
base_url = "http://127.0.0.1:9000/v1"
api_key = "env:ACME_KEY"

[[incoming_tokens]]
name = "alice"
role = "inferrer"
key = "tr_alice-0123456789"
team = "physics"
allowed_models = ["acme/*"]

[[limits]]
scope = "key:alice"
metric = "tokens"
window = "lifetime"
amount = 100000
mode = "hard"

[[prices]]
provider = "acme"
model = "small"
input_per_1m = 0.15
output_per_1m = 0.60
"""
"""The sample of DESIGN.md, "Configuration"."""

GO = """\
listen_addr = "127.0.0.1:7050"
http_mode = "enabled"
allow_localhost_no_auth = false
auto_enable_public_free_models = true
auto_detect_local_servers = true
auto_remove_expired_tokens = true
auto_remove_empty_quota_tokens = false
default_provider = "main"
active_model_profile = "work"
incoming_api_keys = ["old-key-number-one"]
admin_api_key = "old-admin-key-0123456789"

[[model_aliases]]
name = "fast"
[[model_aliases.targets]]
profile = "work"
provider = "main"
model = "gpt-5-nano"

[[providers]]
name = "main"
provider_type = "openai"
api_key = "sk-main"
enabled = true
timeout_seconds = 45

[[incoming_tokens]]
id = "tok-1"
name = "Team A"
role = "keymaster"
comment = "the first"
key = "tr_team-a-0123456789-abcdefgh"
expires_at = "2099-01-01T00:00:00Z"
created_at = 2026-01-01T00:00:00Z
[incoming_tokens.quota.requests]
limit = 1000
interval_seconds = 3600
used = 7
window_started_at = "2026-11-21T00:00:00Z"
[incoming_tokens.quota.tokens]
limit = 50000
interval_seconds = 0
used = 123

[[incoming_tokens]]
name = "child"
key = "tr_child-0123456789-abcdefgh"
parent_id = "tok-1"

[conversations]
enabled = false
max_items = 5000
[logs]
max_lines = 5000
[tls]
enabled = false
mode = "letsencrypt"
"""


def read(folder: Path, text: str, **environ: str) -> Settings:
    file = folder / "torod.toml"
    file.write_text(text)
    return load(config=str(file), environ={"HOME": str(folder), "ACME_KEY": "sk-acme", **environ})


def test_the_sample_of_the_design_loads(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)

    assert settings.providers[0].secret == "sk-acme"
    assert settings.limits[0].id == "key:alice|tokens|lifetime"
    assert settings.prices["acme/small"].rates[:2] == (150_000_000, 600_000_000)
    assert settings.facts == {}
    assert settings.database_url == f"sqlite:///{tmp_path}/.local/share/tokenrouter/tokenrouter.db"
    assert "sk-acme" not in repr(settings)
    assert "tr_alice-0123456789" not in repr(settings)


def test_the_operator_says_how_long_windows_are(tmp_path: Path) -> None:
    said = '[[models]]\nprovider = "acme"\nmodel = "m"\ncontext_tokens = 8192\nmax_output_tokens = 1024\n'

    assert read(tmp_path, GOOD + said).facts == {"acme/m": ModelFacts(8192, 1024)}


def test_what_becomes_of_models_without_a_price_is_said_for_all_and_for_a_key(tmp_path: Path) -> None:
    settings = read(
        tmp_path, 'unpriced = "deny"\nallow_unpriced = true\nprice_sources = ["genai-prices", "local"]\n' + GOOD
    )
    usual = read(
        tmp_path, GOOD.replace('role = "inferrer"', 'role = "inferrer"\nunpriced = "deny"\nallow_unpriced = true')
    )

    assert (settings.policy.unpriced, settings.policy.allow_unpriced) == ("deny", True)
    assert settings.price_sources == ("local", "genai-prices")
    assert (settings.keys[0].unpriced, settings.keys[0].allow_unpriced) == ("", False)
    assert (usual.policy.unpriced, usual.policy.allow_unpriced) == ("allow", False)
    assert usual.price_sources == ("local", "provider", "zen", "genai-prices")
    assert (usual.keys[0].unpriced, usual.keys[0].allow_unpriced) == ("deny", True)


def test_a_key_says_whether_its_answers_are_shortened_and_all_or_one_what_becomes_of_unbounded_input(
    tmp_path: Path,
) -> None:
    usual = read(tmp_path, GOOD)
    settings = read(
        tmp_path,
        'unbounded_input = "deny"\n'
        + GOOD.replace('role = "inferrer"', 'role = "inferrer"\nclamp = false\nunbounded_input = "allow"'),
    )

    assert (usual.policy.unbounded_input, usual.keys[0].clamp, usual.keys[0].unbounded_input) == ("allow", True, "")
    assert settings.policy.unbounded_input == "deny"
    assert (settings.keys[0].clamp, settings.keys[0].unbounded_input) == (False, "allow")


def test_pass_through_is_granted_by_key_and_by_path(tmp_path: Path) -> None:
    path = tmp_path / "torod.toml"
    path.write_text(
        """
[[providers]]
name = "acme"
base_url = "http://127.0.0.1:9000/v1"
passthrough_paths = ["GET /v1/things/*", "* /v1/deep/**"]
[[incoming_tokens]]
name = "a"
key = "tr_alice-0123456789"
passthrough = true
[[incoming_tokens]]
name = "b"
key = "tr_bobby-0123456789"
"""
    )
    settings = load(config=str(path), environ={"HOME": str(tmp_path)})

    assert settings.providers[0].passthrough_paths == ("GET /v1/things/*", "* /v1/deep/**")
    assert [key.passthrough for key in settings.keys] == [True, False]


@pytest.mark.parametrize(
    "pattern", ["/v1/things", "GET v1/things", "get /v1", "GET /", "GET /v1/a*b", "GET /**/x", "HEAD /v1"]
)
def test_a_path_of_pass_through_that_means_nothing_is_told(tmp_path: Path, pattern: str) -> None:
    path = tmp_path / "torod.toml"
    path.write_text(f'[[providers]]\nname = "a"\nbase_url = "http://h/v1"\npassthrough_paths = ["{pattern}"]\n')

    with pytest.raises(ConfigErrors, match="passthrough_paths"):
        load(config=str(path), environ={"HOME": str(tmp_path)})


def test_a_file_of_tokenrouter_go_loads_with_its_quotas_and_legacy_keys(tmp_path: Path) -> None:
    settings = read(tmp_path, GO)

    assert [key.name for key in settings.keys] == ["legacy-1", "legacy-admin", "Team A", "child"]
    assert settings.keys[1].role == "admin"
    limits = {limit.metric: limit for limit in settings.limits}
    assert (limits["requests"].window.kind, limits["requests"].amount) == ("interval", 1000)
    assert limits["tokens"].window.kind == "lifetime"
    assert [carried.used for carried in settings.carried_use] == [7, 123]
    assert settings.providers[0].base_url == "https://api.openai.com/v1"
    assert settings.providers[0].timeouts.between_bytes_s == 45
    assert settings.aliases == (Alias("fast", (Target("main/gpt-5-nano", "work"),), origin="torod.toml:13"),)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("default_provider", "default_providr", 'torod.toml:3: default_providr: unknown key; did you mean "default_provider"?'),
        ('base_url = "http', 'bse_url = "http', 'torod.toml:8: providers[0].bse_url: unknown key; did you mean "base_url"?'),
        ('mode = "hard"', 'mode = "hrd"', "torod.toml:23: limits[0].mode: 'hrd' is not known; did you mean \"hard\"?"),
        ("key:alice", "kye:alice", "torod.toml:19: limits[0].scope: scope 'kye:alice' is not known"),
        ('"tokens"', '"tokns"', "torod.toml:20: limits[0].metric: metric 'tokns' is not known; did you mean \"tokens\"?"),
        ('"lifetime"', '"lifetim"', "torod.toml:21: limits[0].window: window 'lifetim' is not known; did you mean \"lifetime\"?"),
        ('"lifetime"', '"day"\ntz = "Europe/Berln"', "torod.toml:22: limits[0].tz: time zone 'Europe/Berln' is not known; did you mean \"Europe/Berlin\"?"),
        ('"lifetime"', '"day"\ntz = "../../etc/passwd"', "torod.toml:22: limits[0].tz: time zone '../../etc/passwd' is not known"),
        ('"lifetime"', '"week"\nweek_start = "sundy"', "torod.toml:22: limits[0].week_start: day 'sundy' is not known; did you mean \"sunday\"?"),
        ("100000", "-1", "torod.toml:22: limits[0].amount: amount -1 is negative"),
        ("100000", "9" * 25, "torod.toml:22: limits[0].amount"),
        ('default_provider = "acme"', 'unpriced = "maybe"', "torod.toml:3: unpriced: 'maybe' is not known"),
        ('default_provider = "acme"', 'price_sources = ["zent"]', "torod.toml:3: price_sources: 'zent' is not known; did you mean \"zen\"?"),
        ('model = "small"\ninput', 'model = "small"\nprovider_type = "x"\ninput', "torod.toml:28: prices[0].provider_type: unknown key"),
        ("output_per_1m = 0.60", 'output_per_1m = 0.60\n[[prices]]\nprovider = "acme"\nmodel = "small"\ninput_per_1m = 1\noutput_per_1m = 1', "torod.toml:32: prices[1].model: 'acme/small' has a price already, at torod.toml:25"),
        ("100000", '"many"', "torod.toml:22: limits[0].amount: amount 'many' must be a whole number"),
        ("0.15", "0.0000000001", "torod.toml:28: prices[0].input_per_1m: Decimal('1E-10') is not a whole number of nano-dollars"),
        ("0.15", "-1", "torod.toml:28: prices[0].input_per_1m: -1 is negative"),
        ("output_per_1m = 0.60", 'output_per_1m = 0.60\n[[models]]\nprovider = "acne"\nmodel = "m"\ncontext_tokens = 5', "torod.toml:31: models[0].provider: there is no provider 'acne'; did you mean \"acme\"?"),
        ("output_per_1m = 0.60", 'output_per_1m = 0.60\n[[models]]\nprovider = "acme"\nmodel = "m"\ncontext_token = 5', "torod.toml:33: models[0].context_token: unknown key; did you mean \"context_tokens\"?"),
        ("output_per_1m = 0.60", 'output_per_1m = 0.60\n[[models]]\nprovider = "acme"\nmodel = "m"', "torod.toml:30: models[0].context_tokens: is missing"),
        ("output_per_1m = 0.60", 'output_per_1m = 0.60\n[[models]]\nprovider = "acme"\nmodel = "m"\ncontext_tokens = 9999999999', "torod.toml:33: models[0].context_tokens: 9999999999 is too large; use at most 1000000000"),
        ("output_per_1m = 0.60", 'output_per_1m = 0.60\n[[models]]\nprovider = "acme"\nmodel = "m"\ncontext_tokens = 5\n[[models]]\nprovider = "acme"\nmodel = "m"\ncontext_tokens = 5', "torod.toml:36: models[1].model: 'acme/m' stands twice in [[models]]"),
        ('"acme"\nmodel', '"acne"\nmodel', "torod.toml:26: prices[0].provider: there is no provider 'acne'; did you mean \"acme\"?"),
        ('default_provider = "acme"', 'default_provider = "acne"', "torod.toml:3: default_provider: there is no provider 'acne'; did you mean \"acme\"?"),
        ('"inferrer"', '"infferer"', "torod.toml:13: incoming_tokens[0].role: 'infferer' is not known; did you mean \"inferrer\"?"),
        ("tr_alice-0123456789", "short", "torod.toml:14: incoming_tokens[0].key: is shorter than 8 characters"),
        ('name = "acme"', 'name = "Ac me"', "torod.toml:6: providers[0].name: 'Ac me' is not usable"),
        ("openai-compatible", "openai-compatibel", "torod.toml:7: providers[0].provider_type: 'openai-compatibel' is not known; did you mean \"openai-compatible\"?"),
        ("http://127.0.0.1:9000/v1", "ftp://x", "torod.toml:8: providers[0].base_url: must begin with http:// or https://"),
        ("http://127.0.0.1:9000/v1", "http://h h/v1", "torod.toml:8: providers[0].base_url: must be visible ASCII characters, without spaces"),
        ("http://127.0.0.1:9000/v1", "http://h:0/v1", "torod.toml:8: providers[0].base_url: has port 0"),
        ("http://127.0.0.1:9000/v1", "http://[::1", "torod.toml:8: providers[0].base_url: cannot be read"),
        ("http://127.0.0.1:9000/v1", "https://u:p@h/v1", "torod.toml:8: providers[0].base_url: must not hold a user name or password"),
        ("http://127.0.0.1:9000/v1", "https://{name}.x/v1", "torod.toml:8: providers[0].base_url: still holds the placeholder {name}"),
        ('base_url = "http://127.0.0.1:9000/v1"\n', "", "torod.toml:5: providers[0].base_url: is missing; write it like http"),
        ("http://127.0.0.1:9000/v1", "http://localhost:8080/v1", "torod.toml:5: providers.acme.base_url: is this gateway's own address"),
        ("env:ACME_KEY", "env:NO_SUCH", "torod.toml:9: providers[0].api_key: the environment variable 'NO_SUCH' is not set"),
        ('api_key = "env:ACME_KEY"', 'api_keys = ["a-key", "env:NO_SUCH"]', "torod.toml:9: providers[0].api_keys[1]: the environment variable 'NO_SUCH' is not set"),
        ('api_key = "env:ACME_KEY"', 'api_keys = ["a-key", ""]', "torod.toml:9: providers[0].api_keys[1]: is empty"),
        ('api_key = "env:ACME_KEY"', 'api_key = "a-key"\napi_keys = ["b-key", "a-key"]', "torod.toml:10: providers[0].api_keys[1]: is the same key as api_key"),
        ('api_key = "env:ACME_KEY"', 'api_keys = ["b-key", "b-key"]', "torod.toml:9: providers[0].api_keys[1]: is the same key as api_keys[0]"),
        ('api_key = "env:ACME_KEY"', 'api_keys = ["1", "2", "3", "4", "5", "6", "7", "8"]', "torod.toml:9: providers[0].api_keys: a provider has at most 7 keys, these are 8"),
        ('api_key = "env:ACME_KEY"', 'api_keys = ["b-key", "tr_alice-0123456789"]', "torod.toml:5: providers.acme.api_key: holds the key 'alice' of this gateway"),
        ('api_key = "env:ACME_KEY"', 'api_keys = ["b-key", "a\\nkey"]', "torod.toml:5: providers.acme: the value of header 'authorization'"),
        ("env:ACME_KEY", "file:/no/such", "torod.toml:9: providers[0].api_key: the file '/no/such' cannot be read"),
        ("env:ACME_KEY", "file:a\\u0000b", "torod.toml:9: providers[0].api_key: the file 'a\\x00b' cannot be read"),
        ("env:ACME_KEY", "file:~no-such-user/key", "torod.toml:9: providers[0].api_key: the file '~no-such-user/key' cannot be read"),
        ("env:ACME_KEY", "sk-a\\nx-injected: 1", "torod.toml:5: providers.acme: the value of header 'authorization' is empty or holds a line break"),
        ('api_key = "env:ACME_KEY"', 'headers = { x-team = "a\\r\\nb" }', "torod.toml:5: providers.acme: the value of header 'x-team'"),
        ('api_key = "env:ACME_KEY"', 'headers = { "x team" = "a" }', "torod.toml:5: providers.acme: 'x team' is not a header name"),
        ("env:ACME_KEY", "tr_alice-0123456789", "torod.toml:5: providers.acme.api_key: holds the key 'alice' of this gateway"),
        ('"127.0.0.1:8080"', '"8080"', "torod.toml:1: listen_addr: '8080' is not host:port"),
        ('"127.0.0.1:8080"', '"h:\\u00b2"', "torod.toml:1: listen_addr: 'h:\u00b2' is not host:port"),
        ("listen_addr", "drain_s = nan\nlisten_addr", "torod.toml:1: drain_s: Decimal('NaN') must be a number of seconds"),
        ("listen_addr", "drain_s = inf\nlisten_addr", "torod.toml:1: drain_s: Decimal('Infinity') must be a number of seconds"),
        ('"127.0.0.1:8080"', "8080", "torod.toml:1: listen_addr: 8080 must be text in quotes"),
        ("sqlite:///tokenrouter.db", "postgresql://u@h/d", "torod.toml:2: database_url: PostgreSQL needs ENCRYPTION_KEY"),
        ("sqlite:///tokenrouter.db", "mysql://u:hunter2@h/d", "torod.toml:2: database_url: 'mysql:…' cannot be used"),
        ("listen_addr", "ledger_retention_days = 30\nlisten_addr", "torod.toml:1: ledger_retention_days: 30 is less than 35"),
        ("sqlite:///tokenrouter.db", "sqlite:///a.db?mode=ro", "torod.toml:2: database_url: 'sqlite:///a.db?mode=ro' cannot be used"),
        ("sqlite:///tokenrouter.db", "sqlite:///a\\u0000b", "torod.toml:2: database_url: 'sqlite:///a\\x00b' cannot be used"),
        ('name = "alice"', 'name = "alice"\nparent_id = "bob"', "torod.toml:11: parent_id: there is no key 'bob'"),
        ('name = "alice"', 'name = "alice"\nexpires_at = "soon"', "torod.toml:13: incoming_tokens[0].expires_at: 'soon' is not a time"),
        ("listen_addr", "allow_localhost_no_auth = true\nlisten_addr", "torod.toml:1: allow_localhost_no_auth: gives everybody on this machine"),
        ("listen_addr", 'redis_url = "http://x"\nlisten_addr', "torod.toml:1: redis_url: 'http' is no scheme; use redis://"),
        ("listen_addr", "workers = 4\nlisten_addr", "torod.toml:1: workers: 4 need one place for their counters"),
        ("[[limits]]", "[tls]\nenabled = true\n[[limits]]", "torod.toml:18: tls.domain: is missing: a certificate"),
        ("[[limits]]", '[[limits]]\nscope = "provider:acne"\nmetric = "requests"\namount = 1\n[[limits]]', "torod.toml:18: scope: 'provider:acne': there is no provider 'acne'; did you mean \"acme\"?"),
        ("[[limits]]", '[[providers]]\nname = "acme"\nbase_url = "http://h/v1"\n[[limits]]', "torod.toml:19: providers[1].name: 'acme' stands twice"),
        ("= 0.60", "= = 0.60", "torod.toml:29: is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_its_key_and_the_nearest_right_thing(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert any(str(problem).startswith(expected) for problem in caught.value.problems), str(caught.value)


def test_a_provider_may_have_several_keys_in_their_order_and_none_is_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    keys = f'api_keys = ["in-the-open", "file:{tmp_path / "key"}", "env:MORE"]'
    text = GOOD.replace('api_key = "env:ACME_KEY"', f'api_key = "env:ACME_KEY"\n{keys}')

    (provider,) = read(tmp_path, text, MORE="from-outside").providers

    secrets = [one.secret for one in provider.credentials]
    assert secrets[1:] == ["in-the-open", "from-a-file", "from-outside"]
    assert [one.name for one in provider.accounts] == ["acme#1", "acme#2", "acme#3", "acme#4"]
    assert not [secret for secret in secrets if secret is None or secret in repr((provider, provider.accounts))]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:1080"}, "$ALL_PROXY: the proxy's scheme 'socks5' cannot be used; name an http:// proxy"),
        ({"https_proxy": "https://secret@h:1"}, "$https_proxy: the proxy's scheme 'https' cannot be used; name an http:// proxy"),
        ({"HTTP_PROXY": "http://"}, "$HTTP_PROXY: the proxy has no host; name an http:// proxy"),
        ({"HTTPS_PROXY": "http://[::1"}, "$HTTPS_PROXY: the proxy is no URL; name an http:// proxy"),
        ({"HTTPS_PROXY": "  "}, "$HTTPS_PROXY: the proxy has no host; name an http:// proxy"),
        ({"HTTPS_PROXY": "http://a b:1"}, "$HTTPS_PROXY: the proxy's address holds a space or a line break; name an http:// proxy"),
        ({"HTTPS_PROXY": "http://h:0"}, "$HTTPS_PROXY: the proxy's port cannot be used; name an http:// proxy"),
        ({"HTTP_PROXY": "http://h:99999"}, "$HTTP_PROXY: the proxy's port cannot be used; name an http:// proxy"),
    ],
)  # fmt: skip
def test_a_proxy_that_cannot_be_used_stops_the_start_instead_of_being_passed_by(
    tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, GOOD, **environment)

    (problem,) = caught.value.problems
    assert str(problem).startswith(expected)
    assert "secret" not in str(problem)


def test_a_proxy_that_another_variable_takes_the_place_of_is_not_looked_at(tmp_path: Path) -> None:
    read(tmp_path, GOOD, ALL_PROXY="socks5://h", HTTP_PROXY="http://h:3128", HTTPS_PROXY="h:3128")


@pytest.mark.parametrize("names", ["*", " * ", "a.example, *"])
def test_no_proxy_is_looked_at_when_every_host_is_to_be_asked_directly(tmp_path: Path, names: str) -> None:
    settings = read(tmp_path, GOOD, ALL_PROXY="socks5://h", NO_PROXY=names)

    assert ProxyTable(settings.proxies).proxy_for(Origin("https", "vendor.example", 443)) is None


def test_a_secret_of_the_environment_that_cannot_be_sent_is_told_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, GOOD, OPENAI_API_KEY="sk-secret\n")

    (problem,) = caught.value.problems
    assert problem.where == "$OPENAI_API_KEY"
    assert "line break" in problem.message
    assert "sk-secret" not in str(problem)


def test_an_empty_base_url_of_the_classroom_system_means_its_usual_one(tmp_path: Path) -> None:
    settings = read(tmp_path, "", PROVIDER_API_KEY="sk", PROVIDER_BASE_URL="")

    assert settings.providers[0].base_url == "https://api.poe.com/v1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drain_s = 1e9999999999999999999", "torod.toml: is not TOML: holds a number that is too large"),
        (f"workers = {'1' * 5000}", "torod.toml: is not TOML: holds a number that is too large"),
        (f"workers = {'[' * 5000}", "torod.toml: is not TOML: is nested too deeply"),
        ("\nworkers = 0x" + "f" * 5000, "torod.toml:2: workers: is larger than 64 bits"),
        ('[[providers]]\nmodels = ["a", 9223372036854775808]', "torod.toml:2: providers[0].models[1]: is larger than 64 bits"),
    ],
)  # fmt: skip
def test_what_the_toml_reader_cannot_take_is_told(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, text)

    assert str(caught.value.problems[0]).startswith(expected)


@pytest.mark.parametrize("name", ["TOKENROUTER_HOME", "TOKENROUTER_CONFIG", "TOKENROUTER_ENV_FILE"])
def test_a_path_below_the_home_of_nobody_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigErrors, match="no-such-user"):
        load(config=None, environ={"HOME": str(tmp_path), name: "~no-such-user/x"})


def test_what_stands_in_an_array_where_a_text_belongs_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, GOOD.replace('"env:ACME_KEY"', '["sk-secret"]'))

    assert "providers[0].api_key: an array must be text in quotes" in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_a_postgresql_is_taken_as_it_is_written_and_never_shown(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@db.lab:5433/tokens?sslmode=verify-full"

    settings = read(tmp_path, GOOD, DATABASE_URL=url, ENCRYPTION_KEY="correct horse battery staple")

    assert settings.database_url == url
    assert "hunter2" not in repr(settings)
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, GOOD, DATABASE_URL=url)
    assert "ENCRYPTION_KEY" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_variable_that_names_a_database_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"\$TOKENROUTER_DATABASE_URL: database_url: 'mysql:…' cannot be used"):
        read(tmp_path, GOOD, TOKENROUTER_DATABASE_URL="mysql://h", DATABASE_URL="sqlite:///a.db")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, GOOD.replace("base_url", "bse_url").replace('"hard"', '"hrd"'))

    assert len(caught.value.problems) >= 3


def test_the_environment_wins_over_the_file_and_dotenv_stands_between(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# comment\nexport MAX_CONCURRENT_REQUESTS='7'\nACME_KEY=from-dotenv\n")
    text = "max_concurrent_requests = 3\n" + GOOD

    assert read(tmp_path, text).policy.max_concurrent_requests == 7
    assert read(tmp_path, text, MAX_CONCURRENT_REQUESTS="9").policy.max_concurrent_requests == 9


def test_a_flag_wins_over_everything(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "TOKENROUTER_LISTEN_ADDR": "127.0.0.1:2", "HOST": "0.0.0.0", "PORT": "3"}

    assert load(config=None, environ=environ, overrides={"listen_addr": ":1"}).listen_addr == "127.0.0.1:1"
    assert load(config=None, environ=environ).listen_addr == "127.0.0.1:2"
    del environ["TOKENROUTER_LISTEN_ADDR"]
    assert load(config=None, environ=environ).listen_addr == "0.0.0.0:3"


def test_a_file_in_the_current_folder_configures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torod.toml").write_text(GOOD)
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-foreign")
    monkeypatch.chdir(tmp_path)

    assert load(config=None, environ={"HOME": str(tmp_path / "home")}).providers == ()


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    (tmp_path / "torod.toml").write_text(GOOD.replace("env:ACME_KEY", "sk-x"))
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(tmp_path), "HOME": "/nowhere"})

    assert settings.paths.config_file == tmp_path / "torod.toml"
    assert settings.paths.state_dir == tmp_path / "data"
    assert settings.paths.cache_dir == tmp_path / "cache"


def limited(**fields: object) -> str:
    """A file with one more limit, whose fields are TOML."""
    values = {"scope": '"key:alice"', "metric": '"tokens"', "window": '"day"', "amount": "500", **fields}
    return GOOD + "\n[[limits]]\n" + "\n".join(f"{name} = {value}" for name, value in values.items()) + "\n"


def notices(folder: Path, text: str, **environ: str) -> str:
    return "\n".join(f"{notice.where}: {notice.message}" for notice in read(folder, text, **environ).notices)


def test_a_limit_may_have_a_boost_and_carry_over(tmp_path: Path) -> None:
    text = limited(metric='"cost_usd"', amount="0.10", boost='"0.05"', boost_until="2100-01-01", carry_over="0.02")
    text = text.replace("2100-01-01", "2100-01-01T00:00:00Z")

    limit = read(tmp_path, text).limits[1]

    assert (limit.amount, limit.boost, limit.carry_over) == (100_000_000, 50_000_000, 20_000_000)
    assert limit.boost_until_s == 4_102_444_800
    assert limit.origin == "torod.toml:31"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ammount": "5"}, 'torod.toml:36: limits[1].ammount: unknown key; did you mean "amount"?'),
        ({"scope": '"team:phsyics"'}, "torod.toml:31: scope: 'team:phsyics': there is no team 'phsyics'; did you mean \"physics\"?"),
        ({"scope": '"provider:acne"'}, "there is no provider 'acne'"),
        ({"metric": "5"}, "torod.toml:33: limits[1].metric: 5 must be text"),
        ({"window": '"lifetime"'}, "a hard tokens limit of key:alice with this window was declared before at torod.toml:18"),
        ({"amount": "4611686018427387904", "carry_over": "1"}, "limits[1].carry_over: is too large"),
        ({"boost": "5"}, "limits[1].boost_until: is missing"),
        ({"boost_until": "2100-01-01T00:00:00Z"}, "limits[1].boost: is missing"),
        ({"window": '"60s"', "carry_over": "5"}, "limits[1].carry_over: needs a window that follows another"),
        ({"tz": '"Europe/Berln"'}, 'did you mean "Europe/Berlin"?'),
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_stops_the_start(tmp_path: Path, fields: dict[str, object], expected: str) -> None:
    text = limited(**fields) + '[[teams]]\nname = "physics"\n'

    with pytest.raises(ConfigErrors) as wrong:
        read(tmp_path, text)

    assert expected in str(wrong.value)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"amount": "0"}, "torod.toml:31: the limit 'key:alice|tokens|day': it is 0, so it admits no request at all"),
        ({"amount": "5"}, "it allows less than a chat of one word needs (9 tokens)"),
        ({"metric": '"cost_usd"', "amount": '"0.000001"'}, "it allows less than a chat of one word needs (1800 nano-dollars)"),
        ({"metric": '"concurrency"', "amount": "0"}, "it is 0"),
        ({"scope": '"key:alcie"'}, "no key 'alcie' is known; did you mean \"alice\"?"),
        ({"scope": '"user:nobody"'}, "no user 'nobody' is known"),
        ({"scope": '"model:acme/smal"'}, "did you mean \"acme/small\"?"),
        ({"window": '"lifetime"', "mode": '"soft"', "amount": "200000"}, "which never tells"),
        ({"boost": "5", "boost_until": "2020-01-01T00:00:00Z"}, "its boost has ended"),
    ],
)  # fmt: skip
def test_a_limit_that_can_hardly_be_meant_is_noticed(tmp_path: Path, fields: dict[str, object], expected: str) -> None:
    assert expected in notices(tmp_path, limited(**fields))
    assert "the limit" not in notices(tmp_path, limited())


def test_users_may_have_rates_of_their_own(tmp_path: Path) -> None:
    users = '\n[[users]]\nname = "ann"\nrate_limit_minute = 50\nrate_limit_daily = -1\n[[users]]\nname = "bob"\nrate_limit_minute = 0\n'

    limits = read(tmp_path, GOOD + users, RATE_LIMIT_MINUTE="10", RATE_LIMIT_DAILY="100").limits

    rates = {(limit.scope, limit.window.kind): limit.amount for limit in limits if limit.scope.startswith("user:")}
    assert rates == {
        ("user:ann", "sliding"): 50,
        ("user:ann", "day"): 2**62,
        ("user:*", "sliding"): 10,
        ("user:*", "day"): 100,
    }


def test_the_environment_comes_before_the_file_where_both_limit_the_same(tmp_path: Path) -> None:
    text = limited(scope='"key:*"', metric='"requests"', window='"60s"')

    limits = read(tmp_path, text, RATE_LIMIT_MINUTE="10").limits

    assert [(one.amount, one.origin) for one in limits if one.scope == "key:*"] == [(10, "$RATE_LIMIT_MINUTE")]
    assert "is replaced by $RATE_LIMIT_MINUTE" in notices(tmp_path, text, RATE_LIMIT_MINUTE="10")


@pytest.mark.parametrize(("value", "read_as"), [("[100, 50, 50]", (50, 100)), ("[]", ())])
def test_soft_limits_are_told_of_where_the_file_says(tmp_path: Path, value: str, read_as: tuple[int, ...]) -> None:
    assert read(tmp_path, f"soft_limit_alerts = {value}\n{GOOD}").soft_limit_alerts == read_as
    assert read(tmp_path, GOOD).soft_limit_alerts == (80, 100)


@pytest.mark.parametrize("value", ["80", "[0]", "[1001]", "[true]", '["80"]', "[80.5]"])
def test_what_is_no_threshold_is_told(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigErrors, match="soft_limit_alerts: must be an array of whole numbers"):
        read(tmp_path, f"soft_limit_alerts = {value}\n{GOOD}")


def test_a_quota_without_a_limit_is_told(tmp_path: Path) -> None:
    for wrong in (GO.replace("limit = 50000\n", ""), GO.replace("limit = 50000", "limit = 0")):
        with pytest.raises(ConfigErrors, match=r"quota\.tokens\.limit"):
            read(tmp_path, wrong)


def test_a_quota_goes_on_in_the_window_in_which_it_was(tmp_path: Path) -> None:
    carried = read(tmp_path, GO.replace("used = 7\n", "used = 0\n")).carried_use

    assert [(one.limit_id, one.used) for one in carried] == [
        ("key:Team A|requests|interval:3600s", 0),
        ("key:Team A|tokens|lifetime", 123),
    ]
    assert carried[0].window_started_s == 1_795_219_200


def test_short_keys_and_limits_of_nothing_are_noticed(tmp_path: Path) -> None:
    notices = read(tmp_path, GOOD.replace("100000", "0")).notices

    assert any("shorter than 20" in notice.message for notice in notices)
    assert any("admits no request" in notice.message for notice in notices)


def test_the_key_that_reads_bills_is_known_and_stays_out_of_sight(tmp_path: Path) -> None:
    vendor = GOOD.replace('"openai-compatible"', '"openai"\nreport_key = "env:BILLS_KEY"')

    settings = read(tmp_path, vendor, BILLS_KEY="sk-admin-of-acme")

    assert settings.report_keys == {"acme": "sk-admin-of-acme"}
    assert "sk-admin-of-acme" not in repr(settings)


def test_a_key_for_bills_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"report_key: reports of 'openai-compatible' cannot be read; known are"):
        read(tmp_path, GOOD.replace('"openai-compatible"', '"openai-compatible"\nreport_key = "x"'))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:80", ("::1", 80)), (":80", ("127.0.0.1", 80)), ("80", None), ("h:x", None), ("::1:80", None), ("h:99999", None), ("h:\u00b2", None), ("h:" + "1" * 5000, None), ("a\0b:80", None), ("a b:80", None), ("[]:80", None), ("[::1:80", None), ("[fe80::1%eth0]:80", ("fe80::1%eth0", 80))],
)  # fmt: skip
def test_addresses(text: str, expected: tuple[str, int] | None) -> None:
    assert split_address(text) == expected


ALIASES = GOOD.replace(
    "[[incoming_tokens]]",
    """[[aliases]]
name = "fast"
targets = ["acme/small", { target = "slow", profile = "home", weight = 2 }]
fallback = "slow"

[[aliases]]
name = "slow"
scope = "global"
[[aliases.targets]]
target = "acme/large"

[[incoming_tokens]]""",
    1,
)


def test_aliases_are_read(tmp_path: Path) -> None:
    settings = read(tmp_path, 'active_model_profile = "home"\n' + ALIASES)

    fast, slow = settings.aliases
    assert fast.targets == (Target("acme/small"), Target("slow", "home", 2))
    assert (fast.selection, fast.fallback, fast.origin) == ("weighted", "slow", "torod.toml:12")
    assert (slow.targets, slow.origin) == ((Target("acme/large"),), "torod.toml:17")
    assert settings.origins["active_model_profile"] == "torod.toml:1"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('fallback = "slow"', 'deadline_s = -1', "torod.toml:14: aliases[0].deadline_s: -1 must be from 0 to 3600"),
        ('fallback = "slow"', 'fallback = "slwo"', "torod.toml:14: aliases[0].fallback: 'slwo' is neither an alias"),
        ('fallback = "slow"', 'falback = "slow"', 'torod.toml:14: aliases[0].falback: unknown key; did you mean "fallback"?'),
        ('fallback = "slow"', 'selection = "wheighted"', 'torod.toml:14: aliases[0].selection: \'wheighted\' is not known; did you mean "weighted"?'),
        ('"acme/small", {', '"acne/small", {', "torod.toml:13: aliases[0].targets[0]: 'acne/small' is neither"),
        ("weight = 2", "wieght = 2", 'torod.toml:13: aliases[0].targets[1].wieght: unknown key; did you mean "weight"?'),
        ("weight = 2", "weight = 0", "torod.toml:13: aliases[0].targets[1].weight: 0 must be from 1"),
        ('"acme/large"', '"fast"', "torod.toml:19: aliases[1].targets[0]: leads in a circle: fast → slow → fast"),
        ('"acme/large"', '"acme/large"\nprofile = "home"', "torod.toml:16: aliases[1].targets: has none for the profile"),
        ('scope = "global"', 'scope = "all"', "torod.toml:18: aliases[1].scope: 'all' is not known; use global"),
        ('name = "slow"', 'name = "fast"', "torod.toml:17: aliases[1].name: there is an alias 'fast' of global already (torod.toml:11)"),
        ('name = "slow"', 'name = "acme/x"', "torod.toml:17: aliases[1].name: 'acme/x' begins with the name of the provider"),
        ("default_provider", 'active_model_profile = "hom"\ndefault_provider', 'torod.toml:3: active_model_profile: \'hom\' is in no alias; did you mean "home"?'),
    ],
)  # fmt: skip
def test_a_mistake_in_an_alias_is_told_with_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in ALIASES
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, ALIASES.replace(old, new, 1))

    assert any(str(problem).startswith(expected) for problem in caught.value.problems), str(caught.value)


def test_aliases_without_a_default_profile_need_to_know_which_one_counts(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="active_model_profile: is missing; use one of work"):
        read(tmp_path, GO.replace('active_model_profile = "work"\n', ""))


def test_the_example_of_the_documents_loads(tmp_path: Path) -> None:
    document = Path(__file__).parents[2] / "docs/aliases.md"
    example = document.read_text().split("```toml\n")[1].split("```")[0]

    settings = read(tmp_path, example)

    assert [(one.scope, one.name) for one in settings.aliases] == [
        ("global", "fast"),
        ("global", "local"),
        ("global", "shared"),
        ("team:physics", "fast"),
        ("global", "gpt-*"),
    ]


def test_a_limit_may_name_an_alias_that_only_the_database_has(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD.replace("key:alice", "alias:elsewhere"))

    assert any("no alias 'elsewhere' is known" in notice.message for notice in settings.notices)
