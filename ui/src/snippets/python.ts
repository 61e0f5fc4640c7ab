// OpenAI's SDK for Python.
import { snippets as words } from "@/texts/en/snippets";
import { quoted, type Snippet } from "./snippet";

export const python: Snippet = ({ base, key, model }) => [
  {
    code: [
      "# pip install openai",
      "from openai import OpenAI",
      "",
      `client = OpenAI(base_url=${quoted(`${base}/v1`)}, api_key=${quoted(key)})`,
      "answer = client.chat.completions.create(",
      `    model=${quoted(model)},`,
      `    messages=[{"role": "user", "content": ${quoted(words.sayHello)}}],`,
      ")",
      "print(answer.choices[0].message.content)",
    ].join("\n"),
  },
];
