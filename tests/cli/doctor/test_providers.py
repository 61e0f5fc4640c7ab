from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tests.cli.installed import torod
from tokenrouter.cli.doctor.providers import check_providers
from tokenrouter.testing.processes import Home, SandboxProcess, free_port


def test_each_is_asked_and_what_is_wrong_is_told(tmp_path: Path, sandbox: SandboxProcess) -> None:
    config = "".join(
        f'[[providers]]\nname = "{name}"\nprovider_type = "{kind}"\nbase_url = "{url}"\napi_key = "{key}"\n'
        for name, kind, url, key in (
            ("good", "sandbox", sandbox.base_url, "sandbox"),
            ("gone", "openai-compatible", f"http://127.0.0.1:{free_port()}/v1", "hidden-1"),
            ("nobody", "openai-compatible", "http://no-such-host.invalid/v1", "hidden-2"),
        )
    )

    found = list(check_providers(patient(tmp_path, config)))

    assert "provider good: answers at" in told(found, "ok")
    assert "provider gone: Provider 'gone'" in told(found, "problem")
    assert "provider nobody" in told(found, "problem")
    assert "hidden" not in str(found)
    assert "3 were not asked" in told(list(check_providers(patient(tmp_path, offline=True))), "note")


def test_those_of_the_database_are_asked_too(home: Home, sandbox: SandboxProcess) -> None:
    (home.path / "torod.toml").write_text("allow_private_providers = true\n")
    made = torod(home, "providers", "add", "kept", "--type", "sandbox", "--base-url", sandbox.base_url)
    assert made.exit_code == 0, made.output

    found = list(check_providers(patient(home.path)))

    assert "provider kept" in told(found, "ok"), found
