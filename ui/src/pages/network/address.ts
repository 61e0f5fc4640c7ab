// Addresses to listen at: taken apart, put together, and what they mean for who reaches them.
import type { Listener, Move, Network } from "./network";

export type Reach = Listener["reach"];

const EVERYWHERE = new Set(["0.0.0.0", "::"]);
const HOST = /^[A-Za-z0-9._-]+$|^[0-9A-Fa-f:.]+$/;

export function isHost(host: string): boolean {
  return HOST.test(host);
}

export function isPort(port: number | null): port is number {
  return port !== null && Number.isInteger(port) && port >= 1 && port <= 65_535;
}

// `host:port`; an IPv6 address stands in brackets.
export function addressOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export function reachOf(host: string): Reach {
  if (EVERYWHERE.has(host)) return "every_address";
  return isLoopback(host) ? "this_machine" : "one_address";
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

// The name and the port that this page came by.
export function pageHost(): string {
  return window.location.hostname.replace(/^\[|\]$/g, "");
}

function pagePort(): number {
  return Number(window.location.port) || (window.location.protocol === "https:" ? 443 : 80);
}

function isPageAt(one: Listener): boolean {
  return one.port === pagePort() && (one.tls === "on") === (window.location.protocol === "https:");
}

// Whether nothing of the gateway's own listens where this page came from: a proxy or a tunnel does.
export function isBehindProxy(network: Network): boolean {
  return !network.listeners.some(isPageAt);
}

// Where this page is once the move is kept: here, if another listener stays that it came by.
export function originAfter(network: Network, move: Move): string {
  const stays = network.listeners.some((one) => one.address !== move.old_address && isPageAt(one));
  return stays ? window.location.origin : new URL(move.probe_url).origin;
}

// Listeners that can be moved while the gateway runs.
export function movable(network: Network): Listener[] {
  return network.listeners.filter((one) => ["listen_addr", "tls.listen_addr"].includes(one.setting));
}
