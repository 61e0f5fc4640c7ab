// A question about a route: as the address says it, and as the server takes it.
import type { components } from "@/api/schema";
import type { routes } from "@/texts/en/routes";

export type Operation = keyof typeof routes.operations;

export const NO_QUESTION = {
  model: "",
  key: "",
  operation: "chat",
  input: "1000",
  output: "500",
  stream: "yes",
  tools: "",
};
export type Question = { [Name in keyof typeof NO_QUESTION]: string };

const CHARS_PER_TOKEN = 4;
// The words stand for a prompt of the length that was said; of a very long one the figures alone do.
const MOST_CHARS = 200_000;
const WORD = "word ";

export function bodyOf(question: Question): components["schemas"]["WantedExplanation"] {
  const operation = question.operation as Operation;
  const input = countOf(question.input);
  const output = countOf(question.output);
  return {
    request: {
      model: question.model,
      ...(question.stream === "yes" ? { stream: true } : {}),
      ...contentOf(operation, input ?? 0, output, question.tools === "yes"),
    },
    operation,
    key: question.key,
    input_tokens: input,
    output_tokens: output,
  };
}

function countOf(text: string): number | null {
  const count = Number.parseInt(text, 10);
  return Number.isNaN(count) || count < 0 ? null : count;
}

// Chats are asked whole, because the light model and what is lost in translation hang on what a request has in it.
function contentOf(
  operation: Operation,
  input: number,
  output: number | null,
  tools: boolean,
): Record<string, unknown> {
  const text = wordsOf(input * CHARS_PER_TOKEN);
  const parameters = { type: "object", properties: { name: { type: "string" } } };
  switch (operation) {
    case "chat": {
      const tool = { type: "function", function: { name: "look_up", parameters } };
      return { messages: [{ role: "user", content: text }], ...(tools ? { tools: [tool] } : {}) };
    }
    case "responses":
      return { input: text, ...(tools ? { tools: [{ type: "function", name: "look_up", parameters }] } : {}) };
    case "messages":
      return {
        max_tokens: Math.max(1, output ?? 1024),
        messages: [{ role: "user", content: text }],
        ...(tools ? { tools: [{ name: "look_up", input_schema: parameters }] } : {}),
      };
    default:
      return {};
  }
}

function wordsOf(chars: number): string {
  const length = Math.min(MOST_CHARS, Math.max(1, chars));
  return WORD.repeat(Math.ceil(length / WORD.length)).slice(0, length);
}
