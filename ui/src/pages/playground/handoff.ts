// What another page hands over to be asked again here: kept in this tab until the playground takes it.
import type { Message } from "./chat-stream";

const KEPT = "tokenrouter.playground";

export interface Handed {
  model: string;
  messages: Message[];
}

export function handOver(handed: Handed): void {
  sessionStorage.setItem(KEPT, JSON.stringify(handed));
}

export function takeHanded(): Handed | null {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  return kept === null ? null : (JSON.parse(kept) as Handed);
}
