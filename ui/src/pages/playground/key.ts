// The playground's own key: temporary, made when the first question is asked, kept in this page's memory alone, and
// revoked when the page is left. What is asked is charged to whoever is signed in, like anything else of theirs.
import { api, ask, told } from "@/api/client";
import type { Session } from "@/api/session";

const TTL_MS = 3_600_000;
// It is made anew a little before its end, so that no answer is cut off by it.
const MARGIN_MS = 300_000;

interface Kept {
  key: string;
  id: string;
  ends: number;
}

let kept: Promise<Kept> | null = null;

/** Everybody who asks at the same time gets the same key: two panes of one page are charged to one. */
export async function playgroundKey(session: Session): Promise<string> {
  const before = kept;
  const held = await before?.catch(() => null);
  if (held && held.ends - MARGIN_MS > Date.now()) return held.key;
  if (kept === before) kept = make(session);
  return (await (kept as Promise<Kept>)).key;
}

async function make(session: Session): Promise<Kept> {
  const ends = Date.now() + TTL_MS;
  // Not `crypto.randomUUID`, which there is only over TLS and on this machine.
  const [chance = 0] = crypto.getRandomValues(new Uint32Array(1));
  // The chance stands first: a name is cut off at its end.
  const name = `playground-${chance.toString(36)}-${session.name}`.replace(/[^A-Za-z0-9._@-]/g, "-");
  const made = await told(
    api.POST("/api/v1/keys", {
      body: {
        name: name.slice(0, 100),
        user: session.kind === "person" ? session.name : "",
        comment: "made by the playground",
        temporary: true,
        expires_at: new Date(ends).toISOString(),
      },
    }),
  );
  window.addEventListener("pagehide", () => void revoke(made.id), { once: true });
  return { key: made.key, id: made.id, ends };
}

async function revoke(id: string): Promise<void> {
  kept = null;
  await ask(`/api/v1/keys/${encodeURIComponent(id)}`, { method: "DELETE", keepalive: true }).catch(() => undefined);
}
