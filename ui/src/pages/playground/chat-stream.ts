// One answer of the data plane, read as it comes: text, thinking and tool calls piece by piece, then what it used.
import { ApiError } from "@/api/client";

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

export interface Message {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  thinking?: string;
  toolCalls?: ToolCall[];
  toolCallId?: string;
}

export interface Options {
  stream: boolean;
  temperature: number | null;
  maxTokens: number | null;
  // OpenAI's list of tools; null is none.
  tools: unknown[] | null;
}

export interface Piece {
  text?: string;
  thinking?: string;
  toolCalls?: { index: number; id?: string; name?: string; arguments?: string }[];
  usage?: { input: number; output: number };
  model?: string;
}

interface Delta {
  content?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[];
}

interface Chunk {
  model?: string;
  choices?: { delta?: Delta; message?: Delta }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; code?: string };
}

// Asks, and yields the request's id first, then the pieces. Throws ApiError with the words of the gateway.
export async function* askModel(
  key: string,
  model: string,
  messages: readonly Message[],
  options: Options,
  signal: AbortSignal,
): AsyncGenerator<{ requestId: string } | Piece> {
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(bodyOf(model, messages, options)),
    credentials: "omit",
    signal,
  });
  yield { requestId: response.headers.get("x-request-id") ?? "" };
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => null));
  if (!options.stream) {
    yield pieceOf((await response.json()) as Chunk);
    return;
  }
  for await (const data of eventsOf(response)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw refusal(502, chunk);
    yield pieceOf(chunk);
  }
}

function bodyOf(model: string, messages: readonly Message[], options: Options) {
  return {
    model,
    messages: messages.map(wireMessage),
    stream: options.stream,
    ...(options.stream ? { stream_options: { include_usage: true } } : {}),
    ...(options.temperature === null ? {} : { temperature: options.temperature }),
    ...(options.maxTokens === null ? {} : { max_tokens: options.maxTokens }),
    ...(options.tools === null || options.tools.length === 0 ? {} : { tools: options.tools }),
  };
}

function wireMessage(message: Message) {
  if (message.role === "tool") return { role: "tool", tool_call_id: message.toolCallId, content: message.content };
  const calls = message.toolCalls?.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
  return { role: message.role, content: message.content, ...(calls && calls.length > 0 ? { tool_calls: calls } : {}) };
}

function pieceOf(chunk: Chunk): Piece {
  const delta = chunk.choices?.[0]?.delta ?? chunk.choices?.[0]?.message ?? {};
  const calls = delta.tool_calls?.map((call, position) => ({
    index: call.index ?? position,
    id: call.id,
    name: call.function?.name,
    arguments: call.function?.arguments,
  }));
  const usage = chunk.usage
    ? { input: chunk.usage.prompt_tokens ?? 0, output: chunk.usage.completion_tokens ?? 0 }
    : undefined;
  return {
    text: delta.content ?? undefined,
    thinking: delta.reasoning_content ?? delta.reasoning ?? undefined,
    toolCalls: calls,
    usage,
    model: chunk.model,
  };
}

// The data of each server-sent event, whole however the network has cut it.
async function* eventsOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const lines = event.split("\n").filter((line) => line.startsWith("data:"));
        if (lines.length > 0) yield lines.map((line) => line.slice(5).trimStart()).join("\n");
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function refusal(status: number, body: unknown): ApiError {
  const error = (body as Chunk | null)?.error;
  return new ApiError({ status, code: error?.code ?? "", title: `HTTP ${status}`, detail: error?.message ?? "" });
}
