// OpenAI's SDK, Chat Completions.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { KEY, ORIGIN, PROVIDER, Person, WEATHER, WORDS, checkErrors, checkPerson, model } from './ground.mjs';

const client = new OpenAI({ baseURL: `${ORIGIN}/v1`, apiKey: KEY, maxRetries: 0 });
const chat = client.chat.completions;
const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: WORDS }];

const whole = await chat.create({ model: model('echo'), messages });
assert.equal(whole.choices[0].message.content, WORDS);
assert.equal(whole.choices[0].finish_reason, 'stop');
assert.ok(whole.usage.prompt_tokens > 5);

const runner = chat.stream({ model: model('echo'), messages, stream_options: { include_usage: true } });
let streamed = '';
runner.on('content', (delta) => (streamed += delta));
const final = await runner.finalChatCompletion();
assert.equal(streamed, WORDS);
assert.equal(final.choices[0].message.content, WORDS);
assert.equal(final.usage.prompt_tokens, whole.usage.prompt_tokens);

for (const stream of [false, true]) {
  const asked = [];
  const look = (args) => (asked.push(args.city), 'sunny in Köln');
  const tool = { type: 'function', function: { name: 'look', parse: JSON.parse, function: look, parameters: WEATHER } };
  const wish = { role: 'user', content: 'use tool look with {"city": "Köln"} and use tool look with {"city": "Bonn"}' };
  const running = chat.runTools({ model: model('thinker-open'), messages: [wish], tools: [tool], stream });
  assert.match(await running.finalContent(), /sunny in Köln.*sunny in Köln/s);
  assert.deepEqual(asked, ['Köln', 'Bonn']);
}

const format = zodResponseFormat(Person, 'person');
checkPerson((await chat.parse({ model: model('echo'), messages, response_format: format })).choices[0].message.parsed);
const parsing = chat.stream({ model: model('echo'), messages, response_format: format });
checkPerson((await parsing.finalChatCompletion()).choices[0].message.parsed);

const short = await chat.create({ model: model('lorem'), messages, max_completion_tokens: 20 });
assert.equal(short.choices[0].finish_reason, 'length');

const failures = {
  'no-such-model': OpenAI.NotFoundError,
  'fault/400': OpenAI.BadRequestError,
  'fault/429': OpenAI.RateLimitError,
  'fault/503': OpenAI.InternalServerError,
  'fault/401': OpenAI.InternalServerError,
};
await checkErrors(failures, (name) => chat.create({ model: name, messages }));
await checkErrors(failures, (name) => chat.create({ model: name, messages, stream: true }));
const broken = { 'fault/cut': OpenAI.APIError, 'fault/error-midstream': OpenAI.APIError };
await checkErrors(broken, (name) => chat.stream({ model: name, messages }).finalChatCompletion());

const listed = [];
for await (const each of client.models.list()) listed.push(each.id);
assert.ok(listed.includes(model('echo')), `${PROVIDER} is not among ${listed}`);
console.log('all good');
