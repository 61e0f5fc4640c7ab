"""Thinking is configured as documented, and thoughts come back as they went out or not at all."""

import base64
from typing import Any

import pytest

from tests.sandbox.anthropic_wire import (
    CLOCK,
    WEATHER,
    asking,
    assistant,
    call,
    post,
    refusal,
    result,
    text,
    user,
)
from tokenrouter.sandbox.anthropic.request import REDACTION
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.testing.processes import SandboxProcess

ENABLED: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
ADAPTIVE: dict[str, Any] = {"thinking": {"type": "adaptive"}}
INTERLEAVED = "interleaved-thinking-2025-05-14"
MODES = [("thinker", ENABLED), ("thinker-open", ENABLED), ("thinker-open", ADAPTIVE), ("thinker-adaptive", {})]


def thoughts(base_url: str, body: dict[str, Any], *betas: str) -> int:
    """How many tokens were spent on thinking."""
    usage = post(base_url, body, "/v1/messages", "2023-06-01", *betas).json()["usage"]
    return int(usage.get("output_tokens_details", {}).get("thinking_tokens", 0))


@pytest.mark.parametrize(
    ("model", "more", "tokens"),
    [
        ("thinker", {}, 0),
        ("thinker", {"thinking": {"type": "disabled"}}, 0),
        ("thinker", {"thinking": {"type": "between_tools"}}, 0),
        ("thinker", ADAPTIVE, 512),
        ("thinker", {**ADAPTIVE, "output_config": {"effort": "low"}}, 32),
        ("thinker", {**ADAPTIVE, "output_config": {"effort": "max"}}, 2048),
        ("thinker", ENABLED, 128),
        ("thinker", {"thinking": {"type": "enabled", "budget_tokens": 4000}}, 500),
        ("thinker", {"thinking": {"type": "enabled", "budget_tokens": 4000}, "output_config": {"effort": "low"}}, 32),
        ("thinker-adaptive", {}, 512),
        ("thinker-adaptive", {"thinking": {"type": "disabled"}}, 0),
        ("echo", ADAPTIVE, 0),
        ("echo", ENABLED, 0),
    ],
)
def test_a_model_thinks_as_long_as_it_is_told(
    sandbox: SandboxProcess, model: str, more: dict[str, Any], tokens: int
) -> None:
    assert thoughts(sandbox.base_url, asking(model=model, **more)) == tokens


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1023}},
            "thinking.enabled.budget_tokens: Input should be gre",
        ),
        ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            "`max_tokens` must be greater than `thinking.budget",
        ),
        ({"thinking": {"type": "on"}}, "thinking: Input tag 'on' found using 'type' does not match any of"),
        (
            {"thinking": {"type": "adaptive", "budget_tokens": 2000}},
            "thinking.adaptive.budget_tokens: Extra inputs are",
        ),
        ({**ENABLED, "tool_choice": {"type": "any"}}, "Thinking may not be enabled when tool_choice forces tool use."),
        (
            {**ADAPTIVE, "tool_choice": {"type": "tool", "name": "get_time"}},
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        ({**ENABLED, "temperature": 0.5}, "`temperature` may only be set to 1 when thinking is enabled."),
        ({**ENABLED, "top_k": 5}, "`top_k` must be unset when thinking is enabled."),
        ({**ENABLED, "top_p": 0.9}, "`top_p` must be greater than or equal to 0.95 or unset when thinking is"),
        (
            {"output_config": {"effort": "minimal"}},
            "output_config.effort: Input should be 'low', 'medium', 'high', 'xhi",
        ),
    ],
)
def test_what_does_not_go_with_thinking_is_refused(sandbox: SandboxProcess, more: dict[str, Any], message: str) -> None:
    body = asking(model="thinker", tools=[CLOCK], **more)

    assert refusal(sandbox.base_url, body).startswith(message)


@pytest.mark.parametrize("more", [{"temperature": 1}, {"top_p": 0.99}, {"tool_choice": {"type": "auto"}}])
def test_what_goes_with_thinking_is_taken(sandbox: SandboxProcess, more: dict[str, Any]) -> None:
    assert refusal(sandbox.base_url, asking(model="thinker", tools=[CLOCK], **ENABLED, **more)) == ""


def test_the_adaptive_model_takes_no_budget(sandbox: SandboxProcess) -> None:
    message = refusal(sandbox.base_url, asking(model="thinker-adaptive", **ENABLED))

    assert message.startswith('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"')


def test_the_adaptive_model_is_forced_to_a_tool_without_thinking(sandbox: SandboxProcess) -> None:
    body = asking(model="thinker-adaptive", tools=[CLOCK], tool_choice={"type": "any"})

    assert [block["type"] for block in post(sandbox.base_url, body).json()["content"]] == ["tool_use"]


def test_interleaved_thinking_may_have_more_budget_than_output(sandbox: SandboxProcess) -> None:
    body = asking(model="thinker", tools=[CLOCK], thinking={"type": "enabled", "budget_tokens": 9000})

    assert refusal(sandbox.base_url, body, "2023-06-01", INTERLEAVED) == ""
    assert "`max_tokens` must be greater" in refusal(sandbox.base_url, body)


def first_turn(base_url: str, model: str, mode: dict[str, Any], wish: str = "use tools") -> list[dict[str, Any]]:
    """A user's wish and the calls that follow from it."""
    message = post(base_url, asking(user(wish), model=model, tools=[WEATHER, CLOCK], **mode)).json()
    return [user(wish), {"role": "assistant", "content": message["content"]}]


def answered(turn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The turn with the results of its last calls."""
    calls = [block for block in turn[-1]["content"] if block["type"] == "tool_use"]
    return [*turn, user(*(result(block["id"]) for block in calls))]


def next_body(turn: list[dict[str, Any]], model: str, mode: dict[str, Any]) -> dict[str, Any]:
    return asking(*turn, model=model, tools=[WEATHER, CLOCK], **mode)


@pytest.mark.parametrize(("model", "mode"), MODES)
def test_a_turn_with_tools_comes_round_with_its_thoughts(
    sandbox: SandboxProcess, model: str, mode: dict[str, Any]
) -> None:
    turn = answered(first_turn(sandbox.base_url, model, mode))

    message = post(sandbox.base_url, next_body(turn, model, mode)).json()

    assert message["content"][-1]["text"] == "The tool answered: 21; 21"


@pytest.mark.parametrize(("model", "mode"), MODES)
def test_a_turn_that_lost_its_thoughts_is_refused(sandbox: SandboxProcess, model: str, mode: dict[str, Any]) -> None:
    turn = answered(first_turn(sandbox.base_url, model, mode))
    turn[1]["content"].pop(0)

    message = refusal(sandbox.base_url, next_body(turn, model, mode))

    if mode is ENABLED:
        assert message.startswith(
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `too"
        )
    else:
        assert message.startswith(
            "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant"
        )


@pytest.mark.parametrize(("model", "mode"), MODES)
@pytest.mark.parametrize("damage", ["", "x", "changed", "other text", "other model", "other endpoint"])
def test_a_thought_that_is_not_the_models_own_is_refused(
    sandbox: SandboxProcess, model: str, mode: dict[str, Any], damage: str
) -> None:
    turn = answered(first_turn(sandbox.base_url, model, mode))
    thought = turn[1]["content"][0]
    signed = {
        "": "",
        "x": "x",
        "changed": "A" + thought["signature"][1:] if thought["signature"][0] != "A" else "B" + thought["signature"][1:],
        "other model": base64.b64encode(Signer("anthropic", "lorem").sign(thought["thinking"])).decode(),
        "other endpoint": base64.b64encode(Signer("gemini", model).sign(thought["thinking"])).decode(),
    }
    thought["signature"] = signed.get(damage, thought["signature"])
    thought["thinking"] += " and more" if damage == "other text" else ""

    message = refusal(sandbox.base_url, next_body(turn, model, mode))

    assert message == "messages.1.content.0: Invalid `signature` in `thinking` block"


def test_a_thought_without_a_signature_is_refused(sandbox: SandboxProcess) -> None:
    messages = [user("x"), assistant({"type": "thinking", "thinking": "hm"}, text("y")), user("z")]

    message = refusal(sandbox.base_url, asking(*messages, model="thinker"))

    assert message == "messages.1.content.0.thinking.signature: Field required"


def test_a_redacted_thought_comes_round_and_is_verified(sandbox: SandboxProcess) -> None:
    turn = answered(first_turn(sandbox.base_url, "thinker", ENABLED, f"use tool {REDACTION}"))
    assert turn[1]["content"][0]["type"] == "redacted_thinking"

    assert refusal(sandbox.base_url, next_body(turn, "thinker", ENABLED)) == ""
    turn[1]["content"][0]["data"] = base64.b64encode(b"invented" * 10).decode()
    message = refusal(sandbox.base_url, next_body(turn, "thinker", ENABLED))
    assert message == "messages.1.content.0: Invalid `data` in `redacted_thinking` block"


def test_thoughts_of_earlier_turns_may_be_left_out(sandbox: SandboxProcess) -> None:
    turn = answered(first_turn(sandbox.base_url, "thinker", ENABLED))
    turn[1]["content"].pop(0)

    assert refusal(sandbox.base_url, next_body([*turn, assistant("21"), user("thanks")], "thinker", ENABLED)) == ""


def test_calls_that_others_made_need_no_thoughts_in_adaptive_mode(sandbox: SandboxProcess) -> None:
    turn = [user("x"), assistant(call()), user(result())]

    assert refusal(sandbox.base_url, next_body(turn, "thinker", ADAPTIVE)) == ""
    assert refusal(sandbox.base_url, next_body(turn, "thinker-adaptive", {})) == ""
    assert "Expected `thinking`" in refusal(sandbox.base_url, next_body(turn, "thinker", ENABLED))
    assert refusal(sandbox.base_url, next_body(turn, "echo", ENABLED)) == ""


def test_after_a_result_a_model_thinks_again_only_if_its_thinking_is_interleaved(sandbox: SandboxProcess) -> None:
    turn = answered(first_turn(sandbox.base_url, "thinker", ENABLED))
    body = next_body(turn, "thinker", ENABLED)

    assert thoughts(sandbox.base_url, body) == 0
    assert thoughts(sandbox.base_url, body, INTERLEAVED) == 128
    assert thoughts(sandbox.base_url, next_body(turn, "thinker", ADAPTIVE)) == 512


def test_a_second_call_of_the_turn_needs_its_own_thoughts_where_it_had_some(sandbox: SandboxProcess) -> None:
    mode = {**ADAPTIVE, "tool_choice": {"type": "auto"}}
    first = answered(first_turn(sandbox.base_url, "thinker", mode))
    first[-1]["content"].append(text("use tool"))
    second = post(sandbox.base_url, next_body(first, "thinker", mode)).json()["content"]
    turn = answered([*first, {"role": "assistant", "content": second}])
    assert refusal(sandbox.base_url, next_body(turn, "thinker", mode)) == ""

    turn[3]["content"] = [block for block in second if block["type"] == "tool_use"]

    assert refusal(sandbox.base_url, next_body(turn, "thinker", mode)).startswith("messages.3.content.0: `thinking` or")
