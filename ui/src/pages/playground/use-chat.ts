// One conversation of the playground with one model: what was said, what is being said, what it took.
import { useCallback, useEffect, useRef, useState } from "react";
import { api, told } from "@/api/client";
import { useSession } from "@/api/session";
import { askModel, type Message, type Options, type Piece, type ToolCall } from "./chat-stream";
import { playgroundKey } from "./key";

export interface Took {
  requestId: string;
  model: string;
  firstMs: number | null;
  totalMs: number | null;
  input: number | null;
  output: number | null;
  costNano: number | null;
  provider: string;
}

export interface Turn {
  message: Message;
  took?: Took;
  error?: unknown;
}

export interface Chat {
  turns: readonly Turn[];
  busy: boolean;
  send: (model: string, said: readonly Message[], system: string, options: Options) => Promise<void>;
  stop: () => void;
  clear: () => void;
  start: (messages: readonly Message[]) => void;
}

const NOTHING: Took = {
  requestId: "",
  model: "",
  firstMs: null,
  totalMs: null,
  input: null,
  output: null,
  costNano: null,
  provider: "",
};

export function useChat(): Chat {
  const session = useSession();
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [busy, setBusy] = useState(false);
  const stopper = useRef<AbortController | null>(null);
  const latest = useRef(turns);
  latest.current = turns;

  useEffect(() => () => stopper.current?.abort(), []);

  const send = useCallback(
    async (model: string, said: readonly Message[], system: string, options: Options) => {
      const before: Turn[] = [...latest.current, ...said.map((message) => ({ message }))];
      const heard = before.filter((turn) => turn.error === undefined).map((turn) => turn.message);
      const messages: Message[] = system === "" ? heard : [{ role: "system", content: system }, ...heard];
      let turn: Turn = { message: { role: "assistant", content: "" }, took: { ...NOTHING, model } };
      const show = () => setTurns([...before, turn]);
      const stop = new AbortController();
      stopper.current = stop;
      setBusy(true);
      show();
      const started = performance.now();
      try {
        const key = await playgroundKey(session);
        for await (const part of askModel(key, model, messages, options, stop.signal)) {
          turn = "requestId" in part ? withTook(turn, { requestId: part.requestId }) : grown(turn, part, started);
          show();
        }
      } catch (error) {
        if (!stop.signal.aborted) turn = { ...turn, error };
      }
      turn = withTook(turn, { totalMs: performance.now() - started });
      show();
      setBusy(false);
      const known = await whatItCost(turn.took?.requestId ?? "");
      setTurns((now) => now.map((one) => (one.took?.requestId === turn.took?.requestId ? withTook(one, known) : one)));
    },
    [session],
  );

  return {
    turns,
    busy,
    send,
    stop: () => stopper.current?.abort(),
    clear: () => {
      stopper.current?.abort();
      setTurns([]);
    },
    start: (messages) => setTurns(messages.map((message) => ({ message }))),
  };
}

function withTook(turn: Turn, known: Partial<Took>): Turn {
  return { ...turn, took: { ...NOTHING, ...turn.took, ...known } };
}

function grown(turn: Turn, piece: Piece, started: number): Turn {
  const { message } = turn;
  const isFirst = turn.took?.firstMs === null && Boolean(piece.text || piece.thinking || piece.toolCalls);
  return withTook(
    {
      ...turn,
      message: {
        ...message,
        content: message.content + (piece.text ?? ""),
        thinking: piece.thinking ? (message.thinking ?? "") + piece.thinking : message.thinking,
        toolCalls: piece.toolCalls ? withCalls(message.toolCalls ?? [], piece.toolCalls) : message.toolCalls,
      },
    },
    {
      ...(isFirst ? { firstMs: performance.now() - started } : {}),
      ...(piece.usage ? { input: piece.usage.input, output: piece.usage.output } : {}),
      ...(piece.model ? { model: piece.model } : {}),
    },
  );
}

function withCalls(known: readonly ToolCall[], pieces: NonNullable<Piece["toolCalls"]>): ToolCall[] {
  const calls = [...known];
  for (const piece of pieces) {
    const before = calls[piece.index] ?? { id: "", name: "", arguments: "" };
    calls[piece.index] = {
      id: piece.id ?? before.id,
      name: piece.name ?? before.name,
      arguments: before.arguments + (piece.arguments ?? ""),
    };
  }
  return calls;
}

// A request is in the books a moment after its end; one that was stopped ends a little later than here.
const BOOKED_MS = [0, 500, 2000, 5000];

async function inTheBooks(requestId: string) {
  const path = { request_id: requestId };
  for (const wait of BOOKED_MS) {
    await new Promise((resolve) => window.setTimeout(resolve, wait));
    const found = await told(api.GET("/api/v1/ledger/{request_id}", { params: { path } })).catch(() => null);
    if (found !== null) return found;
  }
  return null;
}

// What the books say of a request: the price is known there, and nowhere else.
async function whatItCost(requestId: string): Promise<Partial<Took>> {
  if (requestId === "") return {};
  const found = await inTheBooks(requestId);
  if (found === null) return {};
  const story = found as unknown as {
    provider: string;
    attempts: { cost_nano_usd: number | null; usage: { input_tokens: number; output_tokens: number } }[];
  };
  const costs = story.attempts.map((attempt) => attempt.cost_nano_usd).filter((cost) => cost !== null);
  const last = story.attempts.at(-1);
  return {
    provider: story.provider,
    costNano: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    ...(last ? { input: last.usage.input_tokens, output: last.usage.output_tokens } : {}),
  };
}
