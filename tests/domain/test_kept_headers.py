from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.kept_headers import MAX_HEADERS, MAX_VALUE_CHARS, REDACTED, kept_headers, kept_path

SECRETS = (
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
    "set-cookie",
    "x-auth-request-email",
    "x-amz-security-token",
    "x-client-secret",
    "x-my-password",
    "idempotency-key",
)


def test_only_what_is_on_the_list_is_kept() -> None:
    sent = [("user-agent", "curl"), ("x-session-id", "s1"), ("referer", "https://x"), ("host", "here"), ("dnt", "1")]

    assert kept_headers(sent) == (("user-agent", "curl"), ("x-session-id", "s1"))


def test_of_secrets_it_is_kept_that_they_were_there() -> None:
    assert kept_headers((name, "s3cr3t") for name in SECRETS) == tuple((name, REDACTED) for name in SECRETS)


def test_what_tells_of_limits_is_no_secret() -> None:
    told = (("x-ratelimit-remaining-tokens", "7"), ("anthropic-ratelimit-tokens-limit", "8"), ("ratelimit-policy", "p"))

    assert kept_headers(told) == told


def test_there_are_bounds() -> None:
    many = kept_headers((f"x-{number}", "v" * 5000) for number in range(500))

    assert len(many) == MAX_HEADERS
    assert {len(value) for _, value in many} == {MAX_VALUE_CHARS}


@given(st.from_regex(r"[a-z-]{0,12}(auth|token|secret|key|cookie)[a-z-]{0,12}", fullmatch=True))
def test_no_name_of_a_secret_lets_its_value_through(name: str) -> None:
    told = dict(kept_headers([(f"x-{name}", "s3cr3t")]))

    assert "s3cr3t" not in told.values() or name.startswith(("ratelimit-", "tokenrouter-"))


def test_of_a_query_only_harmless_values_are_kept() -> None:
    assert kept_path("/v1/models", "") == "/v1/models"
    assert (
        kept_path("/v1beta/m:g", "alt=sse&key=AIza123&$alt=x") == f"/v1beta/m:g?alt=sse&key={REDACTED}&$alt={REDACTED}"
    )
    assert "AIza" not in kept_path("/p", "%6bey=AIza123")
