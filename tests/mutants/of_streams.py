"""Faults between the frames of streams."""

from typing import Final

from tests.mutants.mutant import Mutant

_STREAMS: Final = "pitfalls/test_streams.py::"
_CHAT_IN, _CHAT_OUT = "dialects/openai_chat/stream_decoder.py", "dialects/openai_chat/stream_encoder.py"
_CALLS: Final = "dialects/openai_chat/calls.py"
_ANTHROPIC_IN, _ANTHROPIC_OUT = "dialects/anthropic/stream_decoder.py", "dialects/anthropic/stream_encoder.py"
_GEMINI_IN, _GEMINI_OUT = "dialects/gemini/stream_decoder.py", "dialects/gemini/stream_encoder.py"
_RESPONSES_IN, _RESPONSES_OUT = (
    "dialects/openai_responses/stream_decoder.py",
    "dialects/openai_responses/stream_encoder.py",
)
_FAILURE: Final = f"{_STREAMS}test_13_a_failure_in_mid_stream_is_told_as_one"
_CUT: Final = f"{_STREAMS}test_13_nor_does_a_cut_stream_count_as_whole"

OF_STREAMS: Final = (
    Mutant(
        "1",
        _ANTHROPIC_OUT,
        "self._next = number + 1",
        "self._next = number",
        f"{_STREAMS}test_01_anthropic_blocks_count_on_and_stand_one_behind_the_other",
    ),
    Mutant(
        "2",
        _RESPONSES_OUT,
        "return opened.begin(), opened",
        'return b"", opened',
        f"{_STREAMS}test_02_reasoning_opens_before_its_first_words_and_keeps_one_id",
    ),
    Mutant(
        "2",
        "dialects/openai_responses/stream_items.py",
        "reasoning_item(self._id, self._texts, self.state)",
        'reasoning_item(self._id + "x", self._texts, self.state)',
        f"{_STREAMS}test_02_reasoning_opens_before_its_first_words_and_keeps_one_id",
    ),
    Mutant(
        "2",
        _ANTHROPIC_OUT,
        "opened.lead = _THINKING % (self._next - 1)\n        return begun",
        'opened.lead = _THINKING % (self._next - 1)\n        return b""',
        f"{_STREAMS}test_02_thinking_opens_before_its_first_words",
    ),
    Mutant(
        "3",
        _GEMINI_IN,
        "text = alternative.whole or (",
        "text = (",
        f"{_STREAMS}test_03_the_arguments_of_a_call_in_one_chunk_are_not_lost",
    ),
    Mutant(
        "3",
        _CALLS,
        'text, call.early, call.index = call.early, "", next_index',
        'text, call.early, call.index = "", "", next_index',
        f"{_STREAMS}test_03_so_do_vendors_of_chat_completions",
    ),
    Mutant(
        "4",
        _CHAT_IN,
        "if said.tool_calls or said.function_call is not None:",
        "if not content and (said.tool_calls or said.function_call is not None):",
        f"{_STREAMS}test_04_words_and_a_call_in_one_chunk_are_both_told",
    ),
    Mutant(
        "5",
        _CHAT_IN,
        "pieces = said.tool_calls or []",
        "pieces = (said.tool_calls or [])[:1]",
        f"{_STREAMS}test_05_all_calls_in_one_delta_are_read",
    ),
    Mutant(
        "5",
        _CALLS,
        "return None if _begins_another(call, wire) else call",
        "return None if _begins_another(call, wire) else self._open[-1]",
        f"{_STREAMS}test_05_pieces_of_interleaved_calls_reach_their_own_call",
    ),
    Mutant(
        "5",
        _ANTHROPIC_OUT,
        "if self._open is not None:\n            self._waiting",
        "if False:\n            self._waiting",
        f"{_STREAMS}test_05_pieces_of_interleaved_calls_reach_their_own_call",
    ),
    Mutant(
        "6",
        _CALLS,
        "return wire.id != call.call_id",
        "return False",
        f"{_STREAMS}test_06_parallel_calls_that_all_have_index_0_are_told_apart",
    ),
    Mutant(
        "6",
        _CALLS,
        "call.progress.is_whole and bool(_arguments_in(wire))",
        "call.progress.is_whole",
        f"{_STREAMS}test_06_a_repeated_name_and_an_empty_last_piece_add_nothing",
    ),
    Mutant(
        "13",
        _CHAT_IN,
        'self._events.append(Failed(error.message or "no reason given", payload, code, status))',
        "self._end()",
        _FAILURE,
    ),
    Mutant(
        "13",
        _ANTHROPIC_IN,
        'self._events.append(Failed(told.message or "no reason given", payload, kind, status_of(kind)))',
        "self._end(None)",
        _FAILURE,
    ),
    Mutant(
        "13",
        _GEMINI_IN,
        'self._events.append(Failed(error.message or "no reason given", payload, error.status or "", status))',
        "self._end()",
        _FAILURE,
    ),
    Mutant("13", _RESPONSES_IN, "Failed(message, payload, code, status)", "Ended()", _FAILURE),
    Mutant("13", _RESPONSES_OUT, '"response.failed", response', '"response.completed", response', _FAILURE),
    Mutant(
        "13", _CHAT_OUT, "return openai_errors.error_event(error, request_id)", "return self._end(Ended())", _FAILURE
    ),
    Mutant(
        "13",
        _ANTHROPIC_OUT,
        "return anthropic_errors.error_event(error, request_id)",
        "return self._end(Ended())",
        _FAILURE,
    ),
    Mutant(
        "13",
        "gateway/stream.py",
        "if last is None:\n            if relay.error_payload is None:",
        "if last is None:\n            if False:",
        f"{_STREAMS}test_13_a_stream_that_is_just_closed_ends_with_an_error",
    ),
    Mutant(
        "13",
        "gateway/stream.py",
        "        if relay.error_payload is not None and not exchange.ended:\n"
        "            self._meet_error(relay.error_payload)\n        if last is None:",
        "        if last is None:",
        f"{_STREAMS}test_13_and_is_an_http_error_where_nothing_was_said_before",
    ),
    Mutant(
        "13",
        "dialects/translate.py",
        "if self.ended or self.error_payload is not None else None",
        "if self.ended else None",
        f"{_STREAMS}test_13_a_failure_that_only_the_end_shows_is_told_as_well",
    ),
    Mutant(
        "13",
        "dialects/relay.py",
        "if self.ended or (rest and self.error_payload is not None):",
        "if self.ended:",
        f"{_STREAMS}test_13_an_error_that_the_network_cut_short_is_relayed_all_the_same",
    ),
    Mutant(
        "honesty",
        _CHAT_IN,
        "is_whole = bool(self._alternatives) and all(each.finish for each in self._alternatives.values())",
        "is_whole = True",
        _CUT,
    ),
    Mutant("honesty", _ANTHROPIC_IN, "if self._is_over or self._stop is None:", "if self._is_over:", _CUT),
    Mutant(
        "honesty",
        _GEMINI_IN,
        "return all(each.finish for each in self._alternatives.values())",
        "return True",
        _CUT,
    ),
    Mutant(
        "honesty",
        "dialects/translate.py",
        '_BROKEN: Final = frozenset(("broken_call", "error"))',
        "_BROKEN: Final = frozenset[str]()",
        "pitfalls/test_tools.py::test_19_a_malformed_call_is_no_clean_end",
    ),
    Mutant(
        "16",
        "dialects/gemini/content.py",
        'keep_alive = b""',
        'keep_alive = b": keep-alive\\n\\n"',
        f"{_STREAMS}test_16_a_gemini_client_gets_data_lines_and_nothing_else",
    ),
    Mutant(
        "16",
        _GEMINI_OUT,
        "return self._framed(_encode(wire)[:-1] + self._head) + self._close()",
        'return self._framed(_encode(wire)[:-1] + self._head) + self._close() + b"data: [DONE]\\n\\n"',
        f"{_STREAMS}test_16_a_gemini_client_gets_data_lines_and_nothing_else",
    ),
    Mutant(
        "16",
        "dialects/event_payloads.py",
        'for line in event.split(b"\\n") if line.startswith(b"data:")',
        'for line in event.split(b"\\n") if line',
        f"{_STREAMS}test_16_a_providers_comment_is_not_told_as_data",
    ),
    Mutant(
        "17",
        _GEMINI_OUT,
        '(b"data: ", b"\\n\\n") if reply.sse else (b"[", b"\\n")',
        '(b"data: ", b"\\n\\n")',
        f"{_STREAMS}test_17_without_alt_sse_a_gemini_stream_is_one_json_array",
    ),
    Mutant(
        "17",
        "edge/service.py",
        'sse = target.stream is not True or b"alt=sse" in head.query.split(b"&")',
        "sse = True",
        f"{_STREAMS}test_17_the_query_says_whether_a_gemini_stream_has_events",
    ),
    Mutant(
        "17",
        "dialects/event_payloads.py",
        'if chunk.endswith(b"\\n\\n") and b"\\r" not in chunk:',
        "if True:",
        f"{_STREAMS}test_17_network_reads_are_no_frames",
    ),
    Mutant(
        "17",
        _GEMINI_OUT,
        "return self._framed(gemini_errors.error_body(error, request_id)) + self._close()",
        "return gemini_errors.error_body(error, request_id)",
        f"{_STREAMS}test_17_an_error_in_a_gemini_stream_can_be_read",
    ),
    Mutant(
        "22",
        _RESPONSES_OUT,
        'return self._events.event(f"response.{status}", response=response)',
        'return b""',
        f"{_STREAMS}test_22_every_responses_stream_ends_with_its_last_snapshot",
    ),
    Mutant(
        "22",
        _RESPONSES_IN,
        "self._complete_item(known, wire.item)",
        "self._end_item(known)",
        f"{_STREAMS}test_22_items_are_read_though_the_last_snapshot_is_empty",
    ),
    Mutant(
        "22",
        _RESPONSES_IN,
        "for place, raw in enumerate(response.output or ()) if not self._told else ():",
        "for place, raw in ():",
        f"{_STREAMS}test_22_and_an_answer_that_only_the_last_snapshot_has_is_read",
    ),
    Mutant(
        "23",
        _RESPONSES_OUT,
        "self._places = place + 1",
        "self._places = place",
        f"{_STREAMS}test_23_every_item_has_a_place_of_its_own_in_the_output",
    ),
    Mutant(
        "32",
        _CHAT_OUT,
        "self._places[begun.index] = _Place(choice)\n",
        "self._places[begun.index] = _Place(0)\n",
        f"{_STREAMS}test_32_each_alternative_keeps_its_index",
    ),
    Mutant(
        "32",
        _CHAT_IN,
        "alternative, number = self._alternative(choice), choice.index or 0",
        "alternative, number = self._alternative(choice), 0",
        f"{_STREAMS}test_32_so_do_those_of_another_dialect",
    ),
    Mutant(
        "32",
        "dialects/alternatives.py",
        "return ItemBegun(index, event.item, turn)",
        "return ItemBegun(index, event.item)",
        "gateway/test_fan_out.py::test_streams_become_one_whose_chunks_say_which_alternative_they_are_of",
    ),
)
