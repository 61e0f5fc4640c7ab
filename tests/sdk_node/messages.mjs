// Anthropic's SDK.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { KEY, ORIGIN, PROVIDER, Person, WEATHER, WORDS, checkErrors, checkPerson, model } from './ground.mjs';

const client = new Anthropic({ baseURL: ORIGIN, apiKey: KEY, maxRetries: 0 });
const messages = [{ role: 'user', content: WORDS }];
const asked = { model: model('echo'), max_tokens: 2000, system: 'Be brief.', messages };

const whole = await client.messages.create(asked);
assert.equal(whole.content[0].text, WORDS);
assert.equal(whole.stop_reason, 'end_turn');
assert.ok(whole.usage.input_tokens > 5);

let streamed = '';
const runner = client.messages.stream(asked).on('text', (delta) => (streamed += delta));
const final = await runner.finalMessage();
assert.equal(streamed, WORDS);
assert.equal(await runner.finalText(), WORDS);
assert.equal(final.usage.input_tokens, whole.usage.input_tokens);

for (const stream of [false, true]) {
  const seen = [];
  const run = ({ city }) => (seen.push(city), 'sunny in Köln');
  const tool = betaTool({ name: 'look', description: 'Look there.', inputSchema: WEATHER, run });
  const wish = { role: 'user', content: 'use tool look with {"city": "Köln"} and use tool look with {"city": "Bonn"}' };
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const asking = { model: model('thinker-open'), max_tokens: 4000, messages: [wish], tools: [tool], thinking, stream };
  const last = await client.beta.messages.toolRunner(asking).runUntilDone();
  assert.match(last.content.map((block) => block.text ?? '').join(''), /sunny in Köln.*sunny in Köln/s);
  assert.deepEqual(seen.sort(), ['Bonn', 'Köln']);
}

const output_config = { format: zodOutputFormat(Person) };
checkPerson((await client.messages.parse({ ...asked, output_config })).parsed_output);
checkPerson((await client.messages.stream({ ...asked, output_config }).finalMessage()).parsed_output);

const short = await client.messages.create({ ...asked, model: model('lorem'), max_tokens: 20 });
assert.equal(short.stop_reason, 'max_tokens');

const counted = await client.messages.countTokens({ model: model('echo'), system: asked.system, messages });
assert.ok(counted.input_tokens > 5);

const failures = {
  'no-such-model': Anthropic.NotFoundError,
  'fault/400': Anthropic.BadRequestError,
  'fault/429': Anthropic.RateLimitError,
  'fault/503': Anthropic.InternalServerError,
};
await checkErrors(failures, (name) => client.messages.create({ ...asked, model: name }));
await checkErrors(failures, (name) => client.messages.create({ ...asked, model: name, stream: true }));
const broken = { 'fault/cut': Anthropic.AnthropicError, 'fault/error-midstream': Anthropic.AnthropicError };
await checkErrors(broken, (name) => client.messages.stream({ ...asked, model: name }).finalMessage());

const listed = [];
for await (const each of client.models.list()) listed.push(each.id);
assert.ok(listed.includes(model('echo')), `${PROVIDER} is not among ${listed}`);
console.log('all good');
