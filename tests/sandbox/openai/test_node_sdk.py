"""The vendor's Node SDK, whose stream helper throws at any event out of place or unknown to it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tokenrouter.testing.processes import SandboxProcess

FOLDER = Path(__file__).parents[2] / "sdk_node"
SCRIPT = """
import OpenAI, { toFile } from 'openai';
import assert from 'node:assert/strict';

const client = new OpenAI({ baseURL: process.env.BASE, apiKey: 'sk-node', maxRetries: 0 });
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const look = { type: 'function', name: 'look', parameters };
const write = { type: 'custom', name: 'write' };
const search = { type: 'tool_search', execution: 'client', parameters };
const others = { type: 'namespace', name: 'others', description: 'more', tools: [look, write] };

const asked = [
  [{ model: 'echo', input: 'say this' }, ['message']],
  [{ model: 'refuser', input: 'say this' }, ['message']],
  [{ model: 'echo', input: 'use tools', tools: [look, write] }, ['function_call', 'custom_tool_call']],
  [{ model: 'echo', input: 'use tools', tools: [others] }, ['function_call', 'custom_tool_call']],
  [{ model: 'echo', input: 'use tool', tools: [search] }, ['tool_search_call']],
  [{ model: 'thinker', input: 'x', reasoning: { summary: 'auto' } }, ['reasoning', 'message']],
  [{ model: 'thinker', input: 'use tool', tools: [look], store: false, include: ['reasoning.encrypted_content'] },
    ['reasoning', 'function_call']],
];
for (const [body, kinds] of asked) {
  const final = await client.responses.stream(body).finalResponse();
  assert.deepEqual(final.output.map((item) => item.type), kinds);
  if (body.store === false) continue;
  const kept = await client.responses.retrieve(final.id);
  assert.deepEqual(kept.output, JSON.parse(JSON.stringify(final.output)).map(({ parsed_arguments, ...item }) => ({
    ...item,
    ...(item.content ? { content: item.content.map(({ parsed, ...part }) => part) } : {}),
  })));
}

const first = await client.responses.create({ model: 'echo', input: 'one' });
const second = await client.responses.create({ model: 'echo', input: 'two', previous_response_id: first.id });
const items = [];
for await (const item of client.responses.inputItems.list(second.id)) items.push(item.role);
assert.deepEqual(items, ['user', 'assistant', 'user']);

const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body: { model: 'echo', input: 'x' } };
const lines = await toFile(Buffer.from(JSON.stringify(line)), 'in.jsonl');
const { id: input_file_id } = await client.files.create({ file: lines, purpose: 'batch' });
const batch = await client.batches.create({ input_file_id, endpoint: '/v1/responses', completion_window: '24h' });
const done = await client.batches.retrieve(batch.id);
const output = await (await client.files.content(done.output_file_id)).text();
assert.equal(JSON.parse(output).response.body.output[0].content[0].text, 'x');

const picture = await client.images.generate({ model: 'lorem', prompt: 'x', quality: 'low' });
const png = await toFile(Buffer.from(picture.data[0].b64_json, 'base64'), 'a.png', { type: 'image/png' });
const edited = await client.images.edit({ model: 'lorem', image: [png, png], prompt: 'x' });
assert.equal(edited.usage.input_tokens_details.image_tokens, 170);

const spoken = { model: 'lorem', input: 'hello there', voice: 'alloy', response_format: 'wav' };
const sound = await client.audio.speech.create(spoken);
const heard = await toFile(Buffer.from(await sound.arrayBuffer()), 'a.wav');
const transcript = await client.audio.transcriptions.create({ model: 'echo', file: heard, prompt: 'said' });
assert.equal(transcript.text, 'said');
console.log('all good');
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
@pytest.mark.skipif(not (FOLDER / "node_modules" / "openai").is_dir(), reason="`make test` installs the Node SDK")
def test_the_node_sdk_does_all_that_it_does_with_the_vendor(sandbox: SandboxProcess) -> None:
    script = FOLDER / "node_modules" / ".sandbox-check.mjs"
    script.write_text(SCRIPT)

    done = subprocess.run(
        ["node", str(script)],
        env={"PATH": os.environ["PATH"], "BASE": sandbox.base_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == "all good\n", done.stderr
