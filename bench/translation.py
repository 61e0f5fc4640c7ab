"""What translation costs between any two dialects, beside passing the same on as it is.

    python -m bench.translation [--record] [--only CLIENT:PROVIDER,…] [--profile request|chunk|answer]

No sockets: a crossing is Python alone, so its CPU time is the whole of it. A request is decoded, repaired and
encoded, after the split of its top-level fields with which either road begins; a stream goes through
`TranslatingRelay` chunk by chunk, its beginning and end included. Where client and provider speak the same dialect
nothing is translated, and the row is what the relay does instead.

Shared machines change their speed by a factor of two within seconds. So a fixed loop is timed beside every step, and
the figures are told at the speed that the loop had at its best: the median, over all rounds, of how many loops a step
takes.
"""

import argparse
import cProfile
import gc
import pstats
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from statistics import median
from typing import Final, Literal, get_args

from bench import machine, provider_answers, report
from bench.agent_requests import MODEL, agent_request
from bench.figures import Translation
from bench.processes import ROOT, RunFailed
from bench.provider_answers import provider_answer, provider_stream
from tokenrouter.app.data import GC_THRESHOLDS
from tokenrouter.dialects.anthropic.codec import MessagesCodec
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.bedrock.codec import ConverseCodec
from tokenrouter.dialects.bridge import Asked, HubBridge
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.gemini.codec import GeminiCodec
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.hub import ProviderCodec, Target
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_chat.codec import ChatCodec
from tokenrouter.dialects.openai_responses.codec import ResponsesCodec
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.dialects.relay import Relay, StreamRelay
from tokenrouter.dialects.state_memory import StateMemory

Step = Literal["request", "chunk", "answer"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
ROUNDS: Final = 9
ROUND_S: Final = 0.01
"""How long one step of one row is repeated in a round."""
REFERENCE_PASSES: Final = 10_000
"""Length of the fixed loop: about half a millisecond."""
PROFILED_S: Final = 1.0
CLIENTS: Final[Mapping[str, Dialect]] = {each.name: each for each in (CHAT, RESPONSES, MESSAGES, GENERATE_CONTENT)}
PROVIDERS: Final[Mapping[str, ProviderCodec]] = {
    each.name: each for each in (ChatCodec(), ResponsesCodec(), MessagesCodec(), GeminiCodec(), ConverseCodec())
}
MODELS: Final[Mapping[str, str]] = {
    "openai-chat": "gpt-5.6-sol",
    "openai-responses": "gpt-5.6-sol",
    "anthropic-messages": "claude-sonnet-4-5",
    "gemini": "gemini-3-pro",
    "bedrock-converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
}
"""What a model takes is looked up by its name."""
Pair = tuple[str, str]
PAIRS: Final[tuple[Pair, ...]] = tuple(product(CLIENTS, PROVIDERS))


@dataclass(frozen=True, slots=True)
class Work:
    """What is repeated and timed for one step; `parts` is how many requests or chunks one call handles."""

    run: Callable[[], object]
    parts: int = 1


def work_of(pair: Pair) -> dict[Step, Work]:
    """Return the steps of `pair`, each tried once.

    Raises:
        RunFailed: a stream did not come to its end; its cost would mean nothing.
    """
    client, provider = pair
    body, answer, chunks = agent_request(client), provider_answer(provider), list(provider_stream(provider))
    made = _relayed(client, body, answer) if client == provider else _translated(pair, body, answer)
    request, relay, whole = made

    def stream() -> bytes | None:
        passing = relay()
        for chunk in chunks:
            passing.feed(chunk)
        return passing.close()

    request()
    whole()
    if stream() is None:
        raise RunFailed(f"the stream of {provider} did not end for {client}")
    return {"request": Work(request), "chunk": Work(stream, len(chunks)), "answer": Work(whole)}


_Made = tuple[Callable[[], object], Callable[[], Relay], Callable[[], object]]


def _translated(pair: Pair, body: bytes, answer: bytes) -> _Made:
    client, provider = pair
    target = Target("bench", MODELS[provider], f"bench/{provider}")
    bridge = HubBridge(CLIENT_CODECS[client], PROVIDERS[provider], target, StateMemory(), "bench")
    model, stream = (MODEL, True) if CLIENTS[client].model_field(MODEL) is None else (None, None)
    fields = CLIENTS[client].peek(body, model, stream).body.fields
    asked = Asked("req_0123456789abcdef", provider_answers.CREATED_S, model, stream, fields=fields)
    crossing = bridge.cross(body, asked)
    return lambda: bridge.cross(body, asked).body, crossing.relay, lambda: crossing.answer(answer).body


def _relayed(client: str, body: bytes, answer: bytes) -> _Made:
    dialect = CLIENTS[client]
    model = dialect.model_field("echo")
    path_model = MODEL if model is None else None

    def request() -> object:
        head = dialect.peek(body, path_model, stream=True)
        return body if model is None else b"".join(head.body.with_value("model", model))

    return (
        request,
        lambda: StreamRelay(dialect.reading, strip_usage=False, tell=dialect.error_event),
        lambda: dialect.whole_usage(answer),
    )


def measure(rounds: int = ROUNDS, pairs: Sequence[Pair] = PAIRS) -> list[Translation]:
    """Return the CPU time of every step of `pairs`, over so many `rounds`.

    Raises:
        RunFailed: see `work_of`.
    """
    works = {pair: work_of(pair) for pair in pairs}
    found: dict[tuple[Pair, Step], list[float]] = {(pair, step): [] for pair in pairs for step in STEPS}
    best_s = float("inf")
    with _collected_as_when_serving():
        for _ in range(rounds):
            for (pair, step), loops in found.items():
                before_s = _reference_s()
                took_s = _cpu_s(works[pair][step])
                after_s = _reference_s()
                best_s = min(best_s, before_s, after_s)
                loops.append(took_s / (before_s + after_s) * 2)
    return [Translation(*pair, *(median(found[pair, step]) * best_s * 1e6 for step in STEPS)) for pair in pairs]


def _reference_s() -> float:
    """Return what the fixed loop takes now."""
    begin_s = time.process_time()
    for _ in range(REFERENCE_PASSES):
        pass
    return time.process_time() - begin_s


def _cpu_s(work: Work) -> float:
    """Return what one part takes, repeating the work for `ROUND_S`."""
    repeats = 0
    begin_s = now_s = time.process_time()
    while now_s - begin_s < ROUND_S:
        work.run()
        repeats += 1
        now_s = time.process_time()
    return (now_s - begin_s) / repeats / work.parts


@contextmanager
def _collected_as_when_serving() -> Iterator[None]:
    """Collect garbage as the data process does."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def profile(pairs: Sequence[Pair], step: Step) -> None:
    """Print which calls one step of `pairs` consists of, by their own time."""
    for pair in pairs:
        work = work_of(pair)[step]
        profiler = cProfile.Profile()
        end_s = time.process_time() + PROFILED_S
        while time.process_time() < end_s:
            profiler.runcall(work.run)
        print(f"\n{' → '.join(pair)}: {step}")
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


def main() -> int:
    """Measure, print, and record when asked to; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.translation", description="What translation costs.")
    parser.add_argument("--record", action="store_true", help="write the figures into bench/README.md")
    parser.add_argument(
        "--only", default="", metavar="CLIENT:PROVIDER,…", help="these pairs, such as gemini:openai-chat"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each row is measured ({ROUNDS})")
    parser.add_argument("--profile", choices=STEPS, help="list the calls of this step instead")
    wanted = parser.parse_args()
    pairs = [(client, provider) for client, _, provider in (each.partition(":") for each in wanted.only.split(","))]
    if wanted.only and not set(pairs) <= set(PAIRS):
        parser.error(f"clients are {', '.join(CLIENTS)}; providers are {', '.join(PROVIDERS)}")
    chosen = pairs if wanted.only else PAIRS
    if wanted.profile:
        profile(chosen, wanted.profile)
        return 0
    about = "\n".join(f"- {line}" for line in machine.describe(None, []))
    section = report.translation_section(measure(wanted.rounds, chosen))
    print(f"{about}\n\n{section}")
    if wanted.record and not wanted.only:
        report.write_between_markers(ROOT / "bench" / "README.md", "translation", f"\n{about}\n\n{section}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
