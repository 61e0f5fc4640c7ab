// What another address means, before a listener is moved there: who reaches it, who reads along, and what of oneself.
import { moving as words } from "@/texts/en/moving";
import { isBehindProxy, isLoopback, pageHost, reachOf } from "./address";
import type { Listener, Network } from "./network";

interface Meaning {
  // It is something that one may not want.
  isRisky: boolean;
  sentences: string[];
}

export function meaningOf(network: Network, listener: Listener, host: string): Meaning {
  const reach = reachOf(host);
  const sentences = [words.reach[reach]];
  const isPlain = listener.tls === "off" && listener.serves === "clients" && reach !== "this_machine";
  const isElsewhere = reach === "this_machine" && !isLoopback(pageHost()) && !isBehindProxy(network);
  if (isPlain) sentences.push(words.plain);
  if (listener.tls === "on") sentences.push(words.secured);
  if (isBehindProxy(network)) sentences.push(words.byProxy(window.location.host));
  else if (isElsewhere) sentences.push(words.fromElsewhere);
  else if (reach !== "every_address" && host !== pageHost()) sentences.push(words.otherHost(pageHost()));
  return { isRisky: isPlain || isElsewhere, sentences };
}
