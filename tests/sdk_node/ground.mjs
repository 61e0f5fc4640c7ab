// What every script here stands on: whom to ask, and the things that are said to all of them alike.
import assert from 'node:assert/strict';
import { z } from 'zod';

export const { ORIGIN, KEY, PROVIDER } = process.env;
export const model = (name) => `${PROVIDER}/${name}`;
export const WORDS = 'Grüße aus Köln 🚂';
export const WEATHER = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
export const Person = z.object({ name: z.string(), age: z.number().int() });

export function checkPerson(person) {
  assert.equal(typeof person.name, 'string');
  assert.ok(Number.isInteger(person.age));
}

// Checks that each of `failures`, an object of model names, makes `ask` throw an error of the class beside its name.
export async function checkErrors(failures, ask) {
  for (const [name, kind] of Object.entries(failures)) {
    await assert.rejects(ask(model(name)), (error) => {
      assert.ok(error instanceof kind, `${name}: ${error.constructor.name}: ${error.message}`);
      return true;
    });
  }
}
