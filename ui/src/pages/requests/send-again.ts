// What a request said, made ready for the playground: all turns of its conversation up to it. Clients send the whole
// history each time, of which only what was new is kept apart.
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import type { Message } from "../playground/chat-stream";
import { handOver } from "../playground/handoff";

type Exchange = components["schemas"]["ShownRecord"];
type Turn = components["schemas"]["ShownTurn"];

const MOST = 500;

export async function handOverAgain(model: string, conversation: string | null, requestId: string): Promise<void> {
  handOver({ model, messages: conversation === null ? [] : await messagesOf(conversation, requestId) });
}

async function messagesOf(conversation: string, requestId: string): Promise<Message[]> {
  const { records } = await told(
    api.GET("/api/v1/conversations/{conversation_id}", {
      params: { path: { conversation_id: conversation }, query: { limit: MOST } },
    }),
  );
  const last = records.findIndex((one) => one.id === requestId);
  const upTo = last < 0 ? records : records.slice(0, last + 1);
  const said = upTo.flatMap((one, index) => messagesOfExchange(one, index < upTo.length - 1));
  const system = upTo.findLast((one) => one.system)?.system;
  return system ? [{ role: "system", content: system }, ...said] : said;
}

function messagesOfExchange(one: Exchange, isAnswered: boolean): Message[] {
  const turns = isAnswered ? [...one.turns, ...one.answer.slice(0, 1)] : one.turns;
  return turns.flatMap(messagesOfTurn);
}

function messagesOfTurn({ role, pieces }: Turn): Message[] {
  const results: Message[] = pieces
    .filter((piece) => piece.kind === "tool_result")
    .map((piece) => ({ role: "tool", content: piece.text, toolCallId: piece.call_id ?? "" }));
  const toolCalls = pieces
    .filter((piece) => piece.kind === "tool_call")
    .map((piece) => ({ id: piece.call_id ?? "", name: piece.name ?? "", arguments: piece.text }));
  const content = pieces
    .filter((piece) => piece.kind === "text")
    .map((piece) => piece.text)
    .join("\n");
  if (role === "tool" || (content === "" && toolCalls.length === 0)) return results;
  return [...results, { role, content, ...(toolCalls.length > 0 ? { toolCalls } : {}) }];
}
