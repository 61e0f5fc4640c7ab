import json
from dataclasses import replace

import pytest

from tests.gateway.fakes import KEY, Notes, Told, catalog
from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import ContextTooLong
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.edge.paths import find
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.lanes import Books, Lane, Plan, lanes_of
from tokenrouter.gateway.long_requests import fitting_first, may_be_longer


def body_of(chars: int) -> bytes:
    return json.dumps({"model": "best", "messages": [{"role": "user", "content": "x" * chars}]}).encode()


def fields_of(body: bytes) -> RawObject:
    target = find(b"/v1/chat/completions")
    assert target is not None
    assert target.dialect is not None
    return target.dialect.peek(body).body.fields


def plan_of(**windows: int) -> Plan:
    """A plan whose places have these windows."""
    base = catalog()
    state = replace(
        base,
        providers=tuple(Provider(name, "openai-compatible", "http://127.0.0.1:9/v1") for name in windows),
        aliases=(Alias("best", tuple(Target(f"{name}/m") for name in windows)),),
        facts={f"{name}/m": ModelFacts(tokens) for name, tokens in windows.items() if tokens},
    )
    directory = Directory(state, b"")
    principal = directory.principal(key_digest(KEY, b""), 0.0)
    target = find(b"/v1/chat/completions")
    assert target is not None
    assert target.dialect is not None
    return lanes_of(directory, principal, target.dialect, "best", Told(), books=Books(Notes()))


def lane_of(window: int) -> Lane:
    return plan_of(a=window, b=1).lanes[0]


@pytest.mark.parametrize(
    ("chars", "order"),
    [
        (100, ["small", "large", "unknown"]),
        (30_000, ["small", "large", "unknown"]),
        (40_000, ["large", "unknown", "small"]),
        (500_000, ["unknown", "small", "large"]),
    ],
)
def test_places_that_are_surely_too_small_are_asked_last(chars: int, order: list[str]) -> None:
    body = body_of(chars)

    plan = fitting_first(plan_of(small=4096, large=32_768, unknown=0), len(body), fields_of(body))

    assert [lane.provider for lane in plan.lanes] == order


def test_what_is_no_text_makes_no_conversation_too_long() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 200_000}}
    body = json.dumps({"model": "best", "messages": [{"role": "user", "content": [picture]}]}).encode()
    plan = plan_of(small=4096, large=32_768)

    assert fitting_first(plan, len(body), fields_of(body)) is plan


@pytest.mark.parametrize(
    ("window", "failed", "tokens", "maximum", "expected"),
    [
        (0, 8192, None, None, True),
        (8192, 8192, None, None, False),
        (8193, 8192, None, None, True),
        (8192, 0, None, None, True),
        (8192, 0, None, 8192, False),
        (16_384, 0, 20_000, 8192, False),
        (32_768, 0, 20_000, 8192, True),
        (32_768, 131_072, 20_000, None, True),
    ],
)
def test_after_a_refusal_only_longer_windows_are_of_use(
    window: int, failed: int, tokens: int | None, maximum: int | None, expected: bool
) -> None:
    error = ContextTooLong("no", provider="p", tokens=tokens, maximum=maximum)

    assert may_be_longer(lane_of(window), lane_of(failed), error) is expected
