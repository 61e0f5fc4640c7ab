// The words of the page "My use".
import { textsOf } from "../catalogue";

export const me = textsOf("me", {
  title: "My use",
  titleOf: (name: string) => `Hello, ${name}`,
  about: "What you have used, what is left, and your keys.",
  makeKey: "Create key",
  requests: { today: "Requests today", month: "Requests this month" },
  tokens: { today: "Tokens today", month: "Tokens this month" },
  cost: { today: "Cost today", month: "Cost this month" },
  failed: (requests: string) => `${requests} failed`,
  inAndOut: (input: string, output: string) => `${input} in, ${output} out`,
  unpriced: (requests: string) => `${requests} without a price`,
  limits: "Your limits",
  limitsHint: "The one that ends first comes first.",
  noLimits: "Nothing limits you.",
  shared: "Shared by everybody here; its figures are not told.",
  keys: "Your keys",
  keysHint: "One for each tool shows you which one uses what.",
  noKeys: "You have no key yet.",
  allKeys: (keys: number) => (keys >= 100 ? "All your keys" : `All ${keys}`),
  lastUsed: "last used",
  on: "On",
  off: "Off",
  useIt: "Use it",
  useItHint: "Choose your tool and copy.",
  whereKey:
    "Put your key where the snippet says. A key is shown once, when it is made; make another if you have lost it.",
});
