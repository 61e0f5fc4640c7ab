// Google's SDK.
import assert from 'node:assert/strict';
import { ApiError, GoogleGenAI } from '@google/genai';
import { KEY, ORIGIN, PROVIDER, WEATHER, WORDS, checkErrors, checkPerson, model } from './ground.mjs';

const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: ORIGIN } });
const asked = { model: model('echo'), contents: WORDS, config: { systemInstruction: 'Be brief.' } };

async function joined(asking) {
  const said = { text: '', parts: [], last: null };
  for await (const chunk of await client.models.generateContentStream(asking)) {
    said.parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
    said.last = chunk;
  }
  said.text = said.parts.filter((part) => !part.thought).map((part) => part.text ?? '').join('');
  return said;
}

const whole = await client.models.generateContent(asked);
assert.equal(whole.text, WORDS);
assert.equal(whole.candidates[0].finishReason, 'STOP');
assert.ok(whole.usageMetadata.promptTokenCount > 5);

const streamed = await joined(asked);
assert.equal(streamed.text, WORDS);
assert.equal(streamed.last.candidates[0].finishReason, 'STOP');
assert.equal(streamed.last.usageMetadata.promptTokenCount, whole.usageMetadata.promptTokenCount);

for (const stream of [false, true]) {
  const wish = 'use tool look with {"city": "Köln"} and use tool look with {"city": "Bonn"}';
  const contents = [{ role: 'user', parts: [{ text: wish }] }];
  const tools = [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: WEATHER }] }];
  const asking = { model: model('thinker-open'), contents, config: { tools, thinkingConfig: { includeThoughts: true } } };
  const parts = stream
    ? (await joined(asking)).parts
    : (await client.models.generateContent(asking)).candidates[0].content.parts;
  const calls = parts.map((part) => part.functionCall).filter(Boolean);
  assert.deepEqual(calls.map((call) => call.args.city), ['Köln', 'Bonn']);
  const results = calls.map(({ id, name }) => ({ functionResponse: { id, name, response: { output: 'sunny' } } }));
  contents.push({ role: 'model', parts: parts.filter((part) => !part.thought) }, { role: 'user', parts: results });
  const said = stream ? (await joined(asking)).text : (await client.models.generateContent(asking)).text;
  assert.match(said, /sunny.*sunny/s);
}

const chat = client.chats.create({ model: model('echo') });
await chat.sendMessage({ message: 'one' });
assert.equal((await chat.sendMessage({ message: 'two' })).text, 'two');
assert.equal(chat.getHistory().length, 4);

const properties = { name: { type: 'string' }, age: { type: 'integer' } };
const schema = { type: 'object', properties, required: ['name', 'age'] };
const json = { responseMimeType: 'application/json', responseJsonSchema: schema };
checkPerson(JSON.parse((await client.models.generateContent({ ...asked, config: json })).text));
const typed = { type: 'OBJECT', properties: { name: { type: 'STRING' }, age: { type: 'INTEGER' } } };
const shaped = { responseMimeType: 'application/json', responseSchema: { ...typed, required: ['name', 'age'] } };
checkPerson(JSON.parse((await joined({ ...asked, config: shaped })).text));

const limited = { ...asked, model: model('lorem'), config: { maxOutputTokens: 20 } };
assert.equal((await client.models.generateContent(limited)).candidates[0].finishReason, 'MAX_TOKENS');

const counted = await client.models.countTokens({ model: model('echo'), contents: WORDS });
assert.ok(counted.totalTokens > 3);

const failures = { 'no-such-model': ApiError, 'fault/400': ApiError, 'fault/429': ApiError, 'fault/503': ApiError };
await checkErrors(failures, (name) => client.models.generateContent({ ...asked, model: name }));
await checkErrors(failures, (name) => joined({ ...asked, model: name }));
const statuses = { 'no-such-model': 404, 'fault/400': 400, 'fault/429': 429 };
for (const [name, status] of Object.entries(statuses)) {
  const error = await client.models.generateContent({ ...asked, model: model(name) }).catch((each) => each);
  assert.equal(error.status, status, error.message);
}
await checkErrors({ 'fault/error-midstream': Error }, (name) => joined({ ...asked, model: name }));

const listed = [];
for await (const each of await client.models.list()) listed.push(each.name);
assert.ok(listed.some((name) => name.endsWith(model('echo'))), `${PROVIDER} is not among ${listed}`);
console.log('all good');
