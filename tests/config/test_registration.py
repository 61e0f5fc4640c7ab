import pytest

from tokenrouter.config.problems import Problem
from tokenrouter.config.registration import read_public_url, read_registration
from tokenrouter.config.settings import RegistrationSettings
from tokenrouter.config.table import Table


def test_the_variables_are_read_as_they_were_written_for_the_classroom_system() -> None:
    environ = {
        "REGISTRATION_ENABLED": "True",
        "REGISTRATION_ACCESS_CODES": "spring-2026, autumn-2026 ,",
        "ALLOWED_EMAIL_DOMAINS": "School.example,@uni.example",
        "DEFAULT_REGISTRATION_QUOTA": "1000",
    }
    problems: list[Problem] = []

    assert read_registration(environ, problems) == RegistrationSettings(
        enabled=True,
        access_codes=("spring-2026", "autumn-2026"),
        email_domains=("school.example", "uni.example"),
        quota_tokens=1000,
    )
    assert not problems
    assert "spring" not in repr(read_registration(environ, problems))


def test_without_variables_there_are_no_codes() -> None:
    assert read_registration({}, []) == RegistrationSettings(access_codes=(), quota_tokens=500_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGISTRATION_ENABLED", "perhaps"),
        ("REGISTRATION_ACCESS_CODES", "spring-2026,x"),
        ("DEFAULT_REGISTRATION_QUOTA", "many"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    problems: list[Problem] = []

    read_registration({name: value}, problems)

    assert [problem.where for problem in problems] == [f"${name}"]


def test_the_address_that_clients_are_told_is_one() -> None:
    problems: list[Problem] = []

    def read(in_file: str, **environ: str) -> str:
        top = Table({"public_url": in_file} if in_file else {}, "", "torod.toml", {}, problems)
        return read_public_url(top, environ)

    assert read("", PUBLIC_API_URL="https://ai.example/v1/") == "https://ai.example/v1"
    assert read("https://file.example/v1/") == "https://file.example/v1"
    assert read("https://file.example", PUBLIC_API_URL="https://ai.example") == "https://ai.example"
    assert not problems
    assert read("", PUBLIC_API_URL="ai.example") == read("ai.example") == ""
    assert [one.where for one in problems] == ["$PUBLIC_API_URL", "torod.toml"]
