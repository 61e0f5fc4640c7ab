"""The vendor's own Node SDK, unchanged but for base URL and key."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import Home

pytestmark = pytest.mark.e2e

FOLDER = Path(__file__).parent.parent / "sdk_node"
SCRIPT = """
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import assert from 'node:assert/strict';

const client = new OpenAI({ baseURL: process.env.BASE, apiKey: process.env.KEY, maxRetries: 0 });
const messages = [{ role: 'user', content: 'word for word' }];

const whole = await client.chat.completions.create({ model: 'sandbox/echo', messages });
assert.equal(whole.choices[0].message.content, 'word for word');

const final = await client.chat.completions.stream({ model: 'sandbox/echo', messages }).finalChatCompletion();
assert.equal(final.choices[0].message.content, 'word for word');

const parameters = { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] };
const tools = [{ type: 'function', function: { name: 'look', parameters } }];
const asking = [{ role: 'user', content: 'use tool' }];
const called = await client.chat.completions.create({ model: 'sandbox/echo', messages: asking, tools });
assert.equal(called.choices[0].message.tool_calls[0].function.name, 'look');

const format = zodResponseFormat(z.object({ answer: z.string(), parts: z.array(z.number()) }), 'solution');
const parsed = await client.chat.completions.parse({ model: 'sandbox/echo', messages, response_format: format });
assert.equal(typeof parsed.choices[0].message.parsed.answer, 'string');

const embedding = await client.embeddings.create({ model: 'sandbox/embed-small', input: 'hello' });
assert.ok(embedding.data[0].embedding.length > 8);

const response = await client.responses.stream({ model: 'sandbox/echo', input: 'say this' }).finalResponse();
assert.equal(response.output_text, 'say this');

for (const [model, kind] of [['fault/400', OpenAI.BadRequestError], ['no-such-model', OpenAI.NotFoundError],
  ['fault/429', OpenAI.RateLimitError], ['fault/503', OpenAI.InternalServerError]]) {
  await assert.rejects(client.chat.completions.create({ model: 'sandbox/' + model, messages }), kind);
}
const stranger = new OpenAI({ baseURL: process.env.BASE, apiKey: 'tr_not-a-key-of-this-gateway', maxRetries: 0 });
await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);

const patient = new OpenAI({ baseURL: process.env.BASE, apiKey: process.env.KEY, maxRetries: 2 });
const second = await patient.chat.completions.create({ model: 'sandbox/fault/429-once', user: 'node', messages });
assert.ok(second.choices[0].message.content);
console.log('all good');
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
@pytest.mark.skipif(not (FOLDER / "node_modules" / "openai").is_dir(), reason="`make test` installs the Node SDK")
def test_the_node_sdk_does_all_that_it_does_with_the_vendor(
    gateway: StartGateway, home: Home, sandbox_config: str
) -> None:
    running = gateway(sandbox_config, home=home)
    script = FOLDER / "node_modules" / ".tokenrouter-check.mjs"
    script.write_text(SCRIPT)

    done = subprocess.run(
        ["node", str(script)],
        env={**running.home.env, "BASE": running.base_url, "KEY": running.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.strip() == "all good", done.stderr
