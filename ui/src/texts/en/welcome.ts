// The words of the page "Welcome".
import { textsOf } from "../catalogue";

export const welcome = textsOf("welcome", {
  title: (name: string) => `Welcome, ${name}`,
  aboutOwner: "You own this installation. Three steps, two minutes, and the first request is on its way.",
  about: "Two steps, and your first request is on its way.",
  step: (number: number) => `Step ${number}`,
  done: "Done",
  provider: "Add a provider",
  providerHint: "Where the models are: an account of yours, or a server on this machine.",
  youHave: "You have:",
  sandbox:
    "The sandbox answers without any account and costs nothing: good enough to try everything. You can go on with it.",
  addProvider: "Add provider",
  key: "Make a key",
  keyHint: "Every tool and every person gets their own, so that you see who uses what.",
  nameOfKey: "What is it for?",
  keyName: (person: string) => `${person}-first`.toLowerCase().replace(/[^a-z0-9._@-]+/g, "-"),
  makeKey: "Create key",
  use: "Use it",
  useHint: "Choose your tool, copy, run. The first request shows here as it arrives.",
  keyFirst: "Make a key first.",
  nextTitle: "Where to go from here",
  next: {
    status: "What happens now, and what happened",
    access: "People, teams and keys; a class from a list",
    quota: "Limits on tokens, requests and money",
    models: "Prices, aliases, fallbacks",
    playground: "Ask any model from here",
    settings: "Retention, sign-in, alerts",
  },
});
