// OpenAI's SDK, Responses.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { KEY, ORIGIN, Person, WEATHER, WORDS, checkErrors, checkPerson, model } from './ground.mjs';

const client = new OpenAI({ baseURL: `${ORIGIN}/v1`, apiKey: KEY, maxRetries: 0 });
const asked = { model: model('echo'), instructions: 'Be brief.', input: WORDS };

const whole = await client.responses.create(asked);
assert.equal(whole.output_text, WORDS);
assert.equal(whole.status, 'completed');
assert.ok(whole.usage.input_tokens > 5);

const runner = client.responses.stream(asked);
let streamed = '';
runner.on('response.output_text.delta', (event) => (streamed += event.delta));
const final = await runner.finalResponse();
assert.equal(streamed, WORDS);
assert.equal(final.output_text, WORDS);
assert.equal(final.usage.input_tokens, whole.usage.input_tokens);

for (const stream of [false, true]) {
  const tools = [{ type: 'function', name: 'look', parameters: WEATHER, strict: false }];
  const wish = 'use tool look with {"city": "Köln"} and use tool look with {"city": "Bonn"}';
  const input = [{ role: 'user', content: wish }];
  const asking = { model: model('thinker-open'), tools, input, store: false, include: ['reasoning.encrypted_content'] };
  const say = () => (stream ? client.responses.stream(asking).finalResponse() : client.responses.create(asking));
  const called = await say();
  const calls = called.output.filter((item) => item.type === 'function_call');
  assert.deepEqual(calls.map((call) => JSON.parse(call.arguments).city), ['Köln', 'Bonn']);
  const results = calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'sunny' }));
  input.push(...called.output.map(({ parsed_arguments, ...item }) => item), ...results);
  assert.match((await say()).output_text, /sunny.*sunny/s);
}

const format = zodTextFormat(Person, 'person');
checkPerson((await client.responses.parse({ ...asked, text: { format } })).output_parsed);
checkPerson((await client.responses.stream({ ...asked, text: { format } }).finalResponse()).output_parsed);

const short = await client.responses.create({ ...asked, model: model('lorem'), max_output_tokens: 20 });
assert.equal(short.status, 'incomplete');
assert.equal(short.incomplete_details.reason, 'max_output_tokens');

const kept = await client.responses.create({ ...asked, store: true });
const next = await client.responses.create({ ...asked, input: 'again', previous_response_id: kept.id });
assert.equal(next.output_text, 'again');
assert.ok(next.usage.input_tokens > kept.usage.input_tokens);

const failures = {
  'no-such-model': OpenAI.NotFoundError,
  'fault/400': OpenAI.BadRequestError,
  'fault/429': OpenAI.RateLimitError,
  'fault/503': OpenAI.InternalServerError,
};
await checkErrors(failures, (name) => client.responses.create({ ...asked, model: name }));
await checkErrors(failures, (name) => client.responses.create({ ...asked, model: name, stream: true }));
for (const name of ['fault/cut', 'fault/error-midstream']) {
  const running = client.responses.stream({ ...asked, model: model(name) });
  const ended = await running.finalResponse().catch((error) => error);
  assert.ok(ended instanceof OpenAI.OpenAIError || ended.status === 'failed', `${name}: ${JSON.stringify(ended)}`);
}
console.log('all good');
