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
    Mutant("10", _ANTHROPIC, "plain + read + written,", "plain,", _STREAMS),
    Mutant("10", _ANTHROPIC, "plain + read + written,", "plain,", _LEDGER),
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
    Mutant("10", _OPENAI, "prompt.cache_write_tokens or 0,", "0,", _LEDGER),
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
        "prompt.cached_tokens or self.prompt_cache_hit_tokens or 0,",
        "0,",
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
        "fresh + read + written,",
        "fresh,",
        "dialects/bedrock/test_answer.py::test_cached_tokens_are_outside_of_bedrocks_input_and_inside_of_ours",
    ),
    Mutant(
        "money",
        "dialects/alternatives.py",
        "return total_of(reported) if reported else None",
        "return reported[0] if reported else None",
        "gateway/test_fan_out.py::test_whole_answers_become_alternatives_and_all_of_them_are_paid_for",
    ),
    Mutant(
        "money",
        "domain/prices.py",
        "left = max(0, total - read - written)",
        "left = total - read - written",
        "domain/test_prices.py::test_more_cached_than_read_never_makes_money",
    ),
    Mutant(
        "money",
        "domain/prices.py",
        "spent += min(long, written) * (long_write - short_write)",
        "spent += 0",
        "domain/test_prices.py::test_a_cost_is_what_each_token_costs_rounded_up_by_less_than_a_nano_dollar",
    ),
    Mutant(
        "money",
        "domain/prices.py",
        "length = usage.input_tokens if asked < 2 else usage.input_tokens // asked",
        "length = usage.input_tokens",
        "domain/test_prices.py::test_requests_that_were_made_together_are_each_as_long_as_they_are",
    ),
    Mutant(
        "money",
        "dialects/anthropic/usage.py",
        "cache_write_1h_tokens=_first(_for_an_hour(reported.cache_creation), known.cache_write_1h_tokens),",
        "cache_write_1h_tokens=0,",
        "dialects/anthropic/test_usage.py::test_what_is_written_for_an_hour_is_part_of_what_is_written_and_told_again",
    ),
    Mutant(
        "money",
        "jobs/catalog_builder.py",
        "for name, price in gathered.items() if table.of(name) is None}",
        "for name, price in gathered.items()}",
        "jobs/test_catalog_builder.py::test_what_the_operator_prices_be_it_by_a_pattern_nothing_else_does",
    ),
    Mutant(
        "money",
        "jobs/price_data.py",
        "if 0 < tier.start <= start]",
        "if 0 < tier.start < start]",
        "jobs/test_price_data.py::test_a_request_costs_what_its_vendors_page_says",
    ),
    Mutant(
        "money",
        "gateway/lanes.py",
        "if price is None and dialect.operation not in UNCHARGED:",
        "if False:",
        "gateway/test_lanes.py::test_a_limit_of_costs_and_a_model_without_a_price_do_not_go_together",
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
