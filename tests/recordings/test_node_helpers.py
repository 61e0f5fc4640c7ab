"""Every recorded stream in every client's dialect, read by the vendors' SDKs for Node: their helpers are stricter.

One Node program for each dialect reads all streams, so that its start costs little. It gives back what its helper put
together, which the Python SDK's types then read.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tests.dialects.recorded import decoded, gathered
from tests.recordings.corpus import STREAMS, TARGET, Recording
from tests.recordings.judges import ChatJudge, GeminiJudge, Heard, MessagesJudge, ResponsesJudge
from tests.recordings.test_translated import FREE_TEXTS, blankless, expected, translated

FOLDER = Path(__file__).parent.parent / "sdk_node" / "node_modules"
FRAME = """
import { readFileSync } from 'node:fs';
const wires = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const heard = {};
let wire = '';
globalThis.fetch = async () => new Response(wire, { headers: { 'content-type': 'text/event-stream' } });
const options = { apiKey: 'k', maxRetries: 0 };
%s
for (const [name, text] of Object.entries(wires)) {
  wire = text;
  try { heard[name] = await read(); } catch (error) { heard[name] = { raised: String(error) }; }
}
process.stdout.write(JSON.stringify(heard));
"""
"""The program, but for how a stream is read."""
READING = {
    "chat": """
import OpenAI from 'openai';
const client = new OpenAI(options);
const read = () => client.chat.completions.stream({ model: 'm', messages: [] }).finalChatCompletion();
""",
    "responses": """
import OpenAI from 'openai';
const client = new OpenAI(options);
const read = () => client.responses.stream({ model: 'm', input: 'x' }).finalResponse();
""",
    "messages": """
import Anthropic from '@anthropic-ai/sdk';
const client = new Anthropic(options);
const read = () => client.messages.stream({ model: 'm', max_tokens: 9, messages: [] }).finalMessage();
""",
    "gemini": """
import { GoogleGenAI } from '@google/genai';
const client = new GoogleGenAI({ apiKey: 'k' });
const read = async () => {
  const chunks = [];
  for await (const chunk of await client.models.generateContentStream({ model: 'm', contents: 'x' })) {
    const { candidates, usageMetadata } = chunk;
    chunks.push({ candidates, usageMetadata });
  }
  return chunks;
};
""",
}
PACKAGES = {"chat": "openai", "responses": "openai", "messages": "@anthropic-ai/sdk", "gemini": "@google/genai"}
UNDERSTOOD: dict[str, Callable[[Any], Heard]] = {
    "chat": lambda final: replace(ChatJudge.heard(ChatCompletion.model_validate(final)), thoughts=""),
    "responses": lambda final: ResponsesJudge.heard(Response.model_validate(final)),
    "messages": lambda final: MessagesJudge.heard(Message.construct(**final)),
    "gemini": lambda final: GeminiJudge.heard([GenerateContentResponse.model_validate(chunk) for chunk in final]),
}


def wanted_of(recording: Recording, client: str) -> Heard:
    """Return what is to be understood; OpenAI's helper keeps only the last piece of what it does not know: thoughts."""
    wanted = expected(gathered(decoded(recording.codec.stream_decoder(TARGET), recording.wire)), client)
    return replace(wanted, thoughts="") if client == "chat" else wanted


def read_all(client: str, wires: dict[str, bytes], folder: Path) -> dict[str, Any]:
    """Return what the helper made of each stream; a program beside the packages finds them."""
    script = FOLDER / f".tokenrouter-{client}.mjs"
    imports, _, reading = READING[client].strip().partition("\n")
    script.write_text(f"{imports}\n{FRAME % reading}")
    streams = folder / "streams.json"
    streams.write_text(json.dumps({name: wire.decode() for name, wire in wires.items()}))
    done = subprocess.run(["node", str(script), str(streams)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    heard: dict[str, Any] = json.loads(done.stdout)
    return heard


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
@pytest.mark.parametrize("client", READING)
def test_every_recorded_stream_is_understood_by_the_node_sdk(client: str, tmp_path: Path) -> None:
    if not (FOLDER / PACKAGES[client]).is_dir():
        pytest.skip(f"{PACKAGES[client]} is not installed in tests/sdk_node")
    recordings = [recording for recording in STREAMS if (client, recording) not in FREE_TEXTS]
    heard = read_all(client, {each.name: translated(each, client)[0] for each in recordings}, tmp_path)

    for recording in recordings:
        final = heard[recording.name]
        assert "raised" not in final, (recording.name, final)
        assert blankless(UNDERSTOOD[client](final)) == blankless(wanted_of(recording, client)), recording.name
