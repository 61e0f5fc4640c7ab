// The words of moving where the gateway listens.
import { textsOf } from "../catalogue";

export const moving = textsOf("moving", {
  title: "Move the listener",
  hint: "To another address or port, at once, without a restart and without losing a request.",
  which: "Listener",
  listener: (address: string, tls: boolean) => `${address}, ${tls ? "HTTPS" : "plain HTTP"}`,
  where: "New address",
  thisMachine: "this machine only (127.0.0.1)",
  everywhere: "all addresses (0.0.0.0)",
  other: "another, written by hand",
  byHand: "Address",
  byHandHint: "An IP address of this machine.",
  port: "Port",
  badAddress: "Write an IP address or a name of this machine, without a port.",
  badPort: "A port is a number from 1 to 65535.",
  same: "It listens there already.",
  reach: {
    this_machine: "Only programs on this machine reach it, a reverse proxy here among them.",
    one_address: "Whoever reaches that address of this machine reaches it.",
    every_address: "Whoever reaches this machine by any of its addresses reaches it.",
  },
  plain: "It is plain HTTP: whoever can read the network reads keys and prompts. Put HTTPS in front, or switch it on.",
  secured: "It is HTTPS: nobody reads along.",
  fromElsewhere:
    "You came from another machine, so your browser will not reach it there, and it will come back to where it is now.",
  otherHost: (host: string) => `You are at ${host} now. At another name you have to sign in again.`,
  byProxy: (host: string) =>
    `You came in by ${host}, where the gateway does not listen itself: a proxy or a tunnel stands in between. Have it lead to the new address, too.`,
  looked:
    "Both addresses stay open until this page has looked whether the new one leads here. If it does not within a minute, all is as before.",
  move: "Move it",
  moving: (from: string, to: string) => `Moving from ${from} to ${to}`,
  looking: (url: string) => `This page looks whether ${url} leads to this gateway.`,
  othersMove: "Somebody moves the listener. Their page looks whether the new address leads here.",
  left: (seconds: number) => `${seconds} s left, then all is as before.`,
  giveUp: "Give it up",
  cannotLook:
    "A page cannot look there by itself: the browser does not let it, or does not trust the certificate yet. Open the new address in another tab within the time left. When the gateway shows there, say so.",
  open: "Open the new address",
  keep: "It is reached: keep it",
  kept: "It has moved",
  keptAt: (addresses: string) => `The gateway listens at ${addresses} now, also after a restart.`,
  pointClients: "Tell whoever has the old address in a tool, a proxy or a firewall.",
  lost: "All is as before",
  lostWhy: (url: string) =>
    `${url} was not reached from this browser in time, so the gateway listens where it did. A firewall, a proxy or another program may stand in between.`,
  givenUp: (address: string) => `The move to ${address} was given up. The gateway listens where it did.`,
  ended: "That move has ended",
  endedHint: "Where the gateway listens now stands below.",
  dismiss: "Dismiss",
  overridden: "Moved while it ran",
  overriddenBy: (setting: string, declared: string, where: string, address: string) =>
    `${setting} is ${declared} ${where === "" ? "by default" : `in ${where}`}, and was moved to ${address} here. It stays so until it is moved back, or the configuration says another address.`,
  undo: (address: string) => `Back to ${address}`,
});
