// Moving a listener, as the page does it: begun by one page, looked at by that page loaded anew, whose
// content-security-policy names the new address since a move goes on, and kept or given up by its word.
import { ApiError, api, told } from "@/api/client";
import { isLoopback } from "./address";
import type { Move } from "./network";

const LOOK_MS = 4000;

// Opens the new address, and loads the page anew.
export async function beginMove(setting: string, address: string): Promise<void> {
  const body = setting === "listen_addr" ? { listen_addr: address } : { tls_listen_addr: address };
  const move = await told(api.PUT("/api/v1/network", { body }));
  window.location.assign(pageOf(window.location.origin, { move: move.switch_id }));
}

export async function decide(move: Move, isReached: boolean): Promise<void> {
  await told(api.POST("/api/v1/network/confirm", { body: { switch_id: move.switch_id, probe_ok: isReached } }));
}

// Whether the new address leads to this gateway, seen from this browser.
export async function isReached(move: Move): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(LOOK_MS);
    const answer = await fetch(move.probe_url, { cache: "no-store", credentials: "omit", signal });
    const seen = (await answer.json()) as { instance?: string };
    return seen.instance === move.instance_id;
  } catch {
    return false; // not reached, or somebody else answers there
  }
}

// Whether browsers let a page look there: a policy has no words for IPv6 (CSP Level 3, host-source), and an encrypted
// page asks nobody unencrypted but this machine (Mixed Content, 3.1).
export function mayLook(move: Move): boolean {
  const { hostname, protocol, origin } = new URL(move.probe_url);
  if (origin === window.location.origin) return true;
  if (hostname.startsWith("[")) return false;
  return window.location.protocol === "http:" || protocol === "https:" || isLoopback(hostname);
}

// The network's page elsewhere.
export function pageOf(origin: string, view: Record<string, string>): string {
  return `${origin}/admin/network?${new URLSearchParams(view)}`;
}

// Whether the word came too late, or after another one.
export function isOver(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

// Whether nobody answered, as it is where the address of before is gone.
export function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}
