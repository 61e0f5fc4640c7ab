"""Faults that cost money, or show one tenant what is another's."""

from typing import Final

from tests.mutants.mutant import Mutant

_USAGE, _TENANCY = "pitfalls/test_usage.py::", "pitfalls/test_tenancy.py::"
_STREAMS: Final = f"{_USAGE}test_10_cached_tokens_are_counted_once_in_every_stream"
_WHOLE: Final = f"{_USAGE}test_10_and_in_every_whole_answer"
_LEDGER: Final = f"{_USAGE}test_10_and_in_the_ledger"
_ANTHROPIC, _GEMINI = "dialects/anthropic/usage.py", "dialects/gemini/usage.py"
_OPENAI: Final = "dialects/openai/usage.py"

OF_MONEY: Final = (
    Mutant("10", _ANTHROPIC, "Usage(plain + read + written,", "Usage(plain,", _STREAMS),
    Mutant("10", _ANTHROPIC, "Usage(plain + read + written,", "Usage(plain,", _LEDGER),
    Mutant(
        "10",
        _ANTHROPIC,
        "max(0, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens)",
        "usage.input_tokens",
        _WHOLE,
    ),
    Mutant(
        "10",
        _ANTHROPIC,
        "max(0, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens)",
        "usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens",
        f"{_USAGE}test_10_no_count_falls_below_0_though_a_vendor_reports_more_cached_than_total",
    ),
    Mutant("10", _OPENAI, "cache_write_tokens=prompt.cache_write_tokens or 0", "cache_write_tokens=0", _LEDGER),
    Mutant(
        "10",
        _OPENAI,
        "return output_tokens + reasoning if beside else output_tokens",
        "return output_tokens",
        f"{_USAGE}test_10_reasoning_that_a_vendor_reports_beside_the_answer_is_billed",
    ),
    Mutant(
        "11",
        "dialects/anthropic/stream_encoder.py",
        "usage = begun.usage or Usage(estimated_input_tokens(self._reply.request))",
        "usage = begun.usage or Usage()",
        f"{_USAGE}test_11_an_anthropic_client_reads_all_counts_in_the_last_delta",
    ),
    Mutant(
        "11",
        "dialects/anthropic/stream_encoder.py",
        '"delta": delta, "usage": usage_object(usage)}',
        '"delta": delta, "usage": {"output_tokens": usage.output_tokens}}',
        f"{_USAGE}test_11_an_anthropic_client_reads_all_counts_in_the_last_delta",
    ),
    Mutant(
        "11",
        _ANTHROPIC,
        "read = _first(reported.cache_read_input_tokens, known.cached_input_tokens)",
        "read = _first(reported.cache_read_input_tokens, 0)",
        f"{_USAGE}test_11_what_anthropic_tells_at_the_start_is_known_at_the_end",
    ),
    Mutant(
        "12",
        "dialects/openai_chat/stream_decoder.py",
        "if wire.usage is not None and (usage",
        "if wire.choices and wire.usage is not None and (usage",
        f"{_USAGE}test_12_usage_that_follows_the_finish_reason_is_counted",
    ),
    Mutant(
        "12",
        "dialects/openai_chat/request_encoder.py",
        "if quirks.asks_usage:",
        "if False:",
        f"{_USAGE}test_12_usage_is_always_asked_for",
    ),
    Mutant(
        "12",
        "dialects/openai_chat/stream_encoder.py",
        "if self._usage is None or not self._reply.request.wants_usage:",
        "if self._usage is None:",
        f"{_USAGE}test_12_a_chat_client_gets_usage_only_if_it_asked",
    ),
    Mutant(
        "12",
        "dialects/relay.py",
        "if not (self._strip_usage and usage is not None and self._reading.is_only_usage(payload)):",
        "if True:",
        f"{_USAGE}test_12_nor_does_the_relay_show_what_only_the_gateway_asked_for",
    ),
    Mutant("money", _GEMINI, "candidates + thoughts", "candidates", _LEDGER),
    Mutant("money", _GEMINI, "(prompt or 0) + (self.tool_use_prompt_token_count or 0)", "prompt or 0", _LEDGER),
    Mutant("money", _GEMINI, "max(0, usage.output_tokens - usage.reasoning_tokens)", "usage.output_tokens", _STREAMS),
    Mutant(
        "money",
        "dialects/openai_chat/usage.py",
        '"prompt_tokens": usage.input_tokens,\n        "completion_tokens": usage.output_tokens,',
        '"prompt_tokens": usage.output_tokens,\n        "completion_tokens": usage.input_tokens,',
        _WHOLE,
    ),
    Mutant(
        "money",
        "dialects/openai_responses/usage.py",
        '{"reasoning_tokens": usage.reasoning_tokens}',
        '{"reasoning_tokens": 0}',
        _STREAMS,
    ),
    Mutant(
        "money",
        _OPENAI,
        "cached_input_tokens=prompt.cached_tokens or self.prompt_cache_hit_tokens or 0",
        "cached_input_tokens=0",
        _LEDGER,
    ),
    Mutant(
        "money",
        "dialects/anthropic/stream_decoder.py",
        "if event.usage is not None:\n            self._report(event.usage)",
        "if False:\n            self._report(event.usage)",
        _LEDGER,
    ),
    Mutant(
        "money",
        "dialects/translate.py",
        "self.usage = event.usage or self.usage",
        "self.usage = self.usage or event.usage",
        _LEDGER,
    ),
    Mutant(
        "money",
        "dialects/bedrock/wire.py",
        "Usage(fresh + read + written,",
        "Usage(fresh,",
        "dialects/bedrock/test_answer.py::test_cached_tokens_are_outside_of_bedrocks_input_and_inside_of_ours",
    ),
    Mutant(
        "money",
        "dialects/alternatives.py",
        "return Usage(*map(sum, zip(*reported, strict=True))) if reported else None",
        "return reported[0] if reported else None",
        "gateway/test_fan_out.py::test_whole_answers_become_alternatives_and_all_of_them_are_paid_for",
    ),
    Mutant(
        "money",
        "domain/ledger.py",
        "plain = max(0, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens)",
        "plain = usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens",
        "domain/test_ledger.py::test_more_cached_than_read_never_makes_money",
    ),
)
OF_TENANCY: Final = (
    Mutant(
        "tenancy",
        "gateway/lanes.py",
        "tenant=principal.chain[-1]",
        'tenant=""',
        f"{_TENANCY}test_signatures_that_are_kept_for_one_team_do_not_reach_anothers_requests",
    ),
    Mutant(
        "tenancy",
        "dialects/state_memory.py",
        "self._kept[key] = kept",
        'self._kept[key] = self._kept["", call_id] = kept',
        f"{_TENANCY}test_an_id_that_two_teams_have_is_two_ids",
    ),
    Mutant(
        "tenancy",
        "journal/response_files.py",
        'return f"{owner}\\n{response_id}".encode("utf-8", "replace")',
        'return response_id.encode("utf-8", "replace")',
        "journal/test_response_files.py::test_another_owner_finds_nothing",
    ),
    Mutant(
        "tenancy",
        "journal/response_files.py",
        'return f"{owner}\\n{response_id}".encode("utf-8", "replace")',
        'return response_id.encode("utf-8", "replace")',
        "gateway/test_stored_responses.py::test_its_input_is_listed_and_it_can_be_deleted_by_its_owner_only",
    ),
    Mutant(
        "tenancy",
        "gateway/ownership.py",
        "if record is not None and record.owner == owner:",
        "if record is not None:",
        "gateway/test_ownership.py::test_what_is_not_ones_own_is_not_there",
    ),
)
