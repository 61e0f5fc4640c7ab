// OpenAI's SDK for Node.
import { snippets as words } from "@/texts/en/snippets";
import { quoted, type Snippet } from "./snippet";

export const node: Snippet = ({ base, key, model }) => [
  {
    file: "hello.mjs",
    code: [
      "// npm install openai",
      'import OpenAI from "openai";',
      "",
      `const client = new OpenAI({ baseURL: ${quoted(`${base}/v1`)}, apiKey: ${quoted(key)} });`,
      "const answer = await client.chat.completions.create({",
      `  model: ${quoted(model)},`,
      `  messages: [{ role: "user", content: ${quoted(words.sayHello)} }],`,
      "});",
      "console.log(answer.choices[0].message.content);",
    ].join("\n"),
  },
  { code: "node hello.mjs" },
];
