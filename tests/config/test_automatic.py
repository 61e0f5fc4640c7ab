from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.automatic import automatic_names, public_candidates, still_wanted
from tokenrouter.config.load import load, provider_names
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Provider
from tokenrouter.providers.local_servers import DEFAULT_PORTS

PUBLIC_ON = "auto_enable_public_free_models = true\n"


def read(folder: Path, text: str = "", **environ: str) -> Settings:
    file = folder / "torod.toml"
    file.write_text(text)
    return load(config=str(file), environ={"HOME": str(folder), **environ})


def problem(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigErrors) as caught:
        read(folder, text, **environ)
    return "\n".join(str(one) for one in caught.value.problems)


def test_local_servers_are_looked_for_and_public_providers_are_not(tmp_path: Path) -> None:
    settings = read(tmp_path)

    assert (settings.auto_detect_local_servers, settings.local_check_s) == (True, 10.0)
    assert settings.local_ports == DEFAULT_PORTS
    assert (settings.auto_enable_public_free_models, public_candidates(settings)) == (False, None)
    assert {"ollama", "lmstudio", "vllm", "llama-cpp-local-8080"} <= set(automatic_names(settings))


def test_both_can_be_switched_in_the_file_and_by_a_variable_which_comes_first(tmp_path: Path) -> None:
    text = "auto_detect_local_servers = false\n" + PUBLIC_ON
    in_file = read(tmp_path, text)
    by_variable = read(
        tmp_path,
        text,
        TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS="1",
        TOKENROUTER_AUTO_ENABLE_PUBLIC_FREE_MODELS="False",
    )

    assert (in_file.auto_detect_local_servers, in_file.auto_enable_public_free_models) == (False, True)
    assert (by_variable.auto_detect_local_servers, by_variable.auto_enable_public_free_models) == (True, False)
    told = problem(tmp_path, "", TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS="perhaps")
    assert "$TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS" in told


def test_ports_are_given_by_kind_and_what_is_left_out_stays(tmp_path: Path) -> None:
    settings = read(
        tmp_path, "[local_servers]\ncheck_s = 1\nports = { ollama = [11500, 11434, 11500], llama-cpp = [] }\n"
    )

    assert settings.local_check_s == 1
    assert (settings.local_ports["ollama"], settings.local_ports["llama-cpp"]) == ((11500, 11434), ())
    assert settings.local_ports["vllm"] == DEFAULT_PORTS["vllm"]
    assert automatic_names(settings)[:2] == ("ollama", "ollama-local-11434")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[local_servers]\nports = { olama = [1] }\n", "torod.toml:2: local_servers.ports.olama: unknown key; did you"),
        ("[local_servers]\nports = { ollama = 11434 }\n", "must be an array of ports"),
        ("[local_servers]\nports = { ollama = [0] }\n", "must be an array of ports"),
        ("[local_servers]\nports = { ollama = [true] }\n", "must be an array of ports"),
        (f"[local_servers]\nports = {{ ollama = {list(range(1, 100))} }}\n", "at most 64"),
        ("[local_servers]\ncheck_s = 0\n", "at least 0.1"),
        ('auto_exclude = ["olama"]\n', "'olama' never joins by itself"),
        ('default_provider = "olama"\n', "there is no provider 'olama'"),
    ],
)
def test_mistakes_are_told_with_what_was_meant(tmp_path: Path, text: str, told: str) -> None:
    assert told in problem(tmp_path, text)


def test_single_ones_can_be_kept_out(tmp_path: Path) -> None:
    text = PUBLIC_ON + 'auto_exclude = ["lmstudio", "ovhcloud", "groq", "llama-cpp-local-9999"]\n'
    settings = read(tmp_path, text, GROQ_API_KEY="x", DEEPSEEK_API_KEY="y")

    assert [provider.name for provider in settings.providers] == ["deepseek"]
    assert [provider.name for provider in public_candidates(settings) or ()] == ["opencode-zen"]
    assert "lmstudio" not in automatic_names(settings)
    assert "ovhcloud" not in automatic_names(settings)


def test_one_that_may_join_later_can_be_named_already(tmp_path: Path) -> None:
    text = """
default_provider = "ollama"

[[aliases]]
name = "fast"
targets = ["ollama/llama3:8b", "vllm/x"]

[[limits]]
scope = "provider:lmstudio"
metric = "requests"
amount = 5
"""
    assert "ollama" in provider_names(read(tmp_path, text))
    told = problem(tmp_path, "auto_detect_local_servers = false\n" + text)
    assert "there is no provider 'ollama'" in told
    assert "vllm/x" in told
    assert "lmstudio" in told


def test_a_public_provider_that_is_there_already_does_not_join_again(tmp_path: Path) -> None:
    declared = '[[providers]]\nname = "zen"\nprovider_type = "opencode-zen"\napi_key = "x"\n'

    assert [one.name for one in public_candidates(read(tmp_path, PUBLIC_ON + declared)) or ()] == ["ovhcloud"]
    by_key = read(tmp_path, PUBLIC_ON, OPENCODE_ZEN_API_KEY="x")
    assert [one.name for one in public_candidates(by_key) or ()] == ["ovhcloud"]


def test_a_public_provider_may_be_at_another_address(tmp_path: Path) -> None:
    settings = read(tmp_path, PUBLIC_ON, OPENCODE_ZEN_BASE_URL="http://127.0.0.1:9/v1/")
    zen, ovh = public_candidates(settings) or ()

    assert (zen.base_url, zen.allow_private, zen.origin) == ("http://127.0.0.1:9/v1", True, "automatic")
    assert (ovh.base_url.startswith("https://"), ovh.allow_private) == (True, False)


def test_of_the_last_start_what_is_switched_off_by_now_does_not_come_back(tmp_path: Path) -> None:
    joined = [
        Provider("ollama", "ollama", "http://127.0.0.1:11434/v1", origin="automatic"),
        Provider("vllm", "vllm", "http://127.0.0.1:8000/v1", origin="automatic"),
        Provider("ovhcloud", "ovhcloud", "https://ovh/v1", origin="automatic"),
        Provider("mine", "ollama", "http://127.0.0.1:1/v1", origin="file"),
    ]
    settings = read(tmp_path, PUBLIC_ON + 'auto_exclude = ["vllm"]\n')

    assert still_wanted(settings, joined) == ([joined[0]], [joined[2]])
    off = replace(settings, auto_detect_local_servers=False, auto_enable_public_free_models=False)
    assert still_wanted(off, joined) == ([], [])


def test_what_is_said_of_models_may_be_of_providers_that_join(tmp_path: Path) -> None:
    text = "".join(
        f'[[models]]\nprovider = "{name}"\nmodel = "m"\ncontext_tokens = 5\n'
        f'[[prices]]\nprovider = "{name}"\nmodel = "m"\ninput_per_1m = 1\noutput_per_1m = 2\n'
        for name in ("ollama", "groq")
    )
    declared = '[[providers]]\nname = "lab"\nprovider_type = "openai-compatible"\nbase_url = "http://lab.example/v1"\n'

    settings = read(tmp_path, declared + text, GROQ_API_KEY="x")

    assert set(settings.facts) == set(settings.prices) == {"ollama/m", "groq/m"}
    told = problem(tmp_path, declared + text)
    assert "there is no provider 'groq'" in told
    assert "there is no provider 'ollama'" not in told
