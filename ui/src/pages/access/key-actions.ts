// What is done to keys: switched off and on (with a way back), and revoked, one or many.
import { ApiError, api, told } from "@/api/client";
import { forget, stale } from "@/api/queries";
import { tellDone } from "@/parts/done";
import { reasonOf, tellOf } from "@/parts/problem";
import { access } from "@/texts/en/access";
import type { ShownKey } from "./key-draft";

const words = access.keys;
type Named = Pick<ShownKey, "id" | "name">;

export async function switchKey({ id, name }: Named, enabled: boolean): Promise<void> {
  await patchEnabled(id, enabled);
  void stale("keys");
  const back = () => patchEnabled(id, !enabled).then(() => stale("keys"));
  tellDone(enabled ? words.enabled(name) : words.disabled(name), back);
}

function patchEnabled(id: string, enabled: boolean): Promise<unknown> {
  return told(api.PATCH("/api/v1/keys/{name_or_id}", { params: { path: { name_or_id: id } }, body: { enabled } }));
}

export async function revokeKey(id: string): Promise<void> {
  await told(api.DELETE("/api/v1/keys/{name_or_id}", { params: { path: { name_or_id: id } } }));
  forget(id);
}

// Does it to each, one after the other; what fails is told at the end, and the others are done all the same.
async function toEach(keys: readonly Named[], act: (id: string) => Promise<unknown>): Promise<Named[]> {
  const done: Named[] = [];
  let failure: unknown = null;
  for (const key of keys) {
    try {
      await act(key.id);
      done.push(key);
    } catch (cause) {
      failure = cause;
    }
  }
  void stale("keys");
  if (failure !== null) tellOf(new Error(words.bulkFailed(keys.length - done.length, reasonOf(failure))));
  return done;
}

export async function switchKeys(keys: readonly Named[], enabled: boolean): Promise<void> {
  const done = await toEach(keys, (id) => patchEnabled(id, enabled));
  if (done.length === 0) return;
  const back = () => toEach(done, (id) => patchEnabled(id, !enabled));
  tellDone(enabled ? words.bulkEnabled(done.length) : words.bulkDisabled(done.length), back);
}

export async function revokeKeys(keys: readonly Named[]): Promise<void> {
  const done = await toEach(keys, (id) =>
    revokeKey(id).catch((cause: unknown) => {
      // It went with the key above it.
      if (!(cause instanceof ApiError && cause.status === 404)) throw cause;
    }),
  );
  if (done.length > 0) tellDone(words.revoked(done.length));
}
