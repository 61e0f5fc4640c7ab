"""Pictures, sound, moderation, reranking, files and batches: the vendor's own SDK, two teams, one account."""

import base64
import io
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.conftest import StartGateway
from tests.e2e.books.places import Place
from tokenrouter.testing.processes import GatewayProcess, wait_until

pytestmark = pytest.mark.e2e

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PHYSICS, CHEMISTRY = "tr_physics-0123456789-abcdef", "tr_chemistry-0123456789-abcdef"
TEAMS = f"""
[[teams]]
name = "physics"
[[teams]]
name = "chemistry"
[[incoming_tokens]]
name = "p"
role = "inferrer"
key = "{PHYSICS}"
team = "physics"
[[incoming_tokens]]
name = "c"
role = "inferrer"
key = "{CHEMISTRY}"
team = "chemistry"
"""


@pytest.fixture(scope="module")
def running(shared_gateway: StartGateway, sandbox_config: str) -> GatewayProcess:
    return shared_gateway(sandbox_config + TEAMS)


@pytest.fixture
def physics(running: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=running.base_url, api_key=PHYSICS, max_retries=0) as client:
        yield client


@pytest.fixture
def chemistry(running: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=running.base_url, api_key=CHEMISTRY, max_retries=0) as client:
        yield client


def wav() -> io.BytesIO:
    samples = b"\0\0" * 16000
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += (1).to_bytes(2, "little") * 2 + (16000).to_bytes(4, "little") + (32000).to_bytes(4, "little")
    head += (2).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"data" + len(samples).to_bytes(4, "little")
    file = io.BytesIO(head + samples)
    file.name = "silence.wav"
    return file


def test_a_picture_is_made_and_its_tokens_are_told(physics: openai.OpenAI) -> None:
    made = physics.images.generate(model="sandbox/echo", prompt="a red square")

    assert made.data
    assert made.usage is not None
    assert made.usage.output_tokens > 0


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_pictures_are_streamed_and_made_from_pictures(physics: openai.OpenAI) -> None:
    events: Any = list(physics.images.generate(model="sandbox/echo", prompt="x", stream=True, partial_images=1))
    assert events[-1].type == "image_generation.completed"

    edited = physics.images.edit(model="sandbox/echo", image=("a.png", PNG, "image/png"), prompt="blue")
    assert edited.data
    varied = physics.images.create_variation(model="sandbox/echo", image=("a.png", PNG, "image/png"), n=2)
    assert varied.data is not None
    assert len(varied.data) == 2


def test_sound_is_spoken_and_heard(physics: openai.OpenAI) -> None:
    spoken = physics.audio.speech.create(model="sandbox/echo", voice="alloy", input="good morning")
    assert len(spoken.content) > 100

    heard = physics.audio.transcriptions.create(model="sandbox/echo", file=wav())
    assert isinstance(heard.text, str)
    subtitles: Any = physics.audio.transcriptions.create(model="sandbox/echo", file=wav(), response_format="srt")
    assert "-->" in str(subtitles)


def test_a_transcript_is_streamed(physics: openai.OpenAI) -> None:
    events = list(physics.audio.transcriptions.create(model="sandbox/echo", file=wav(), stream=True))

    assert events[-1].type == "transcript.text.done"


def test_moderation_needs_no_model(running: GatewayProcess, physics: openai.OpenAI) -> None:
    assert physics.moderations.create(model="sandbox/echo", input="hello").results
    assert physics.moderations.create(input="hello").results


def test_documents_are_reranked(running: GatewayProcess) -> None:
    asked = {"model": "sandbox/echo", "query": "rain", "documents": ["sun", "rain today"]}
    for path in ("rerank", "../v2/rerank"):
        request = urllib.request.Request(
            f"{running.base_url}/{path}".replace("/v1/../", "/"),
            json.dumps(asked).encode(),
            {"authorization": f"Bearer {PHYSICS}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert len(json.load(answer)["results"]) == 2


def test_a_team_has_its_files_to_itself(physics: openai.OpenAI, chemistry: openai.OpenAI) -> None:
    file = physics.files.create(file=("notes.txt", b"secret notes"), purpose="user_data")

    assert physics.files.content(file.id).content == b"secret notes"
    assert file.id in [item.id for item in physics.files.list()]
    assert file.id not in [item.id for item in chemistry.files.list()]
    for ask in (chemistry.files.retrieve, chemistry.files.delete, chemistry.files.content):
        with pytest.raises(openai.NotFoundError):
            ask(file.id)
    assert physics.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        physics.files.retrieve(file.id)


def test_a_batch_runs_and_is_the_teams_alone(physics: openai.OpenAI, chemistry: openai.OpenAI) -> None:
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello batch"}]}
    line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = physics.files.create(file=("in.jsonl", json.dumps(line).encode() + b"\n"), purpose="batch")
    batch = physics.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    with pytest.raises(openai.NotFoundError):
        chemistry.batches.retrieve(batch.id)
    with pytest.raises(openai.NotFoundError):
        chemistry.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")

    over = ("completed", "failed")
    wait_until("the end of the batch", lambda: physics.batches.retrieve(batch.id).status in over)
    batch = physics.batches.retrieve(batch.id)
    assert batch.status == "completed"
    assert batch.output_file_id is not None
    assert b"hello batch" in physics.files.content(batch.output_file_id).content
    with pytest.raises(openai.NotFoundError):
        chemistry.files.content(batch.output_file_id)
    assert [item.id for item in physics.batches.list()] == [batch.id]
    assert not list(chemistry.batches.list())


def test_a_batch_is_owned_and_paid_once_although_everything_dies_in_between(
    gateway: StartGateway, sandbox_config: str
) -> None:
    running = gateway(sandbox_config + TEAMS)
    physics, chemistry = (
        openai.OpenAI(base_url=running.base_url, api_key=key, max_retries=0) for key in (PHYSICS, CHEMISTRY)
    )
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello batch"}], "max_tokens": 50}
    line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = physics.files.create(file=("in.jsonl", json.dumps(line).encode() + b"\n"), purpose="batch")
    batch = physics.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    running.kill()
    running.start()

    def ended() -> bool:
        return physics.batches.retrieve(batch.id).status == "completed"

    wait_until("the end of the batch", ended)
    running.kill()
    running.start()
    assert ended()
    with pytest.raises(openai.NotFoundError):
        chemistry.batches.retrieve(batch.id)

    results = physics.batches.retrieve(batch.id).output_file_id
    assert results is not None
    told = json.loads(physics.files.content(results).content)["response"]["body"]["usage"]
    paid = [(told["prompt_tokens"], told["completion_tokens"])]

    def rows() -> list[tuple[int, int]]:
        return [
            (row["input_tokens"], row["output_tokens"])
            for row in Place([running]).table("tr_ledger")
            if row["operation"] == "batches" and row["input_tokens"]
        ]

    wait_until("the batch's row", lambda: rows() == paid)
