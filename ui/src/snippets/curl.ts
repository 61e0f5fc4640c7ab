// One question from the command line (OpenAI Chat Completions).
import { snippets as words } from "@/texts/en/snippets";
import { type Snippet, shell } from "./snippet";

export const curl: Snippet = ({ base, key, model }) => {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: words.sayHello }] });
  return [
    {
      code: [
        `curl ${shell(`${base}/v1/chat/completions`)} \\`,
        `  -H ${shell(`Authorization: Bearer ${key}`)} \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d ${shell(body)}`,
      ].join("\n"),
    },
  ];
};
