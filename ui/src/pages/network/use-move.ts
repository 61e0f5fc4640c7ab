// A move as the page that shows it lives through it: looked at again and again, and then one of its endings.
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { reasonOf } from "@/parts/problem";
import { originAfter } from "./address";
import { decide, isOver, isReached, isUnreachable, mayLook, pageOf } from "./move";
import type { Move, Network } from "./network";

const LOOK_EVERY_MS = 1000;

export type Ending = { kind: "lost" | "given_up"; move: Move } | { kind: "ended" | "kept" };

// The one that the address names, and what became of it; `again` asks the server anew.
export function useEnding(network: Network | undefined, named: string, again: () => void) {
  const [ending, setEnding] = useState<Ending | null>(null);
  const seen = useRef<Move | null>(null);
  const pending = network?.pending ?? null;

  useEffect(() => {
    if (network === undefined || named === "") return;
    if (pending?.switch_id === named) {
      seen.current = pending;
    } else if (pending === null) {
      setEnding((known) => known ?? endingOf(network, seen.current));
    }
  }, [network, pending, named]);

  const giveUp = async (move: Move) => {
    await decide(move, false).catch((error: unknown) => {
      if (!isOver(error)) throw error;
    });
    setEnding({ kind: "given_up", move });
    again();
  };
  return { ending, giveUp, dismiss: () => setEnding(null) };
}

function endingOf(network: Network, move: Move | null): Ending {
  if (move === null) return { kind: "ended" };
  const isKept = network.listeners.some((one) => one.address === move.new_address);
  if (!isKept) return { kind: "lost", move };
  leaveFor(network, move);
  return { kind: "kept" };
}

// Looks whether the new address is reached until it is, and says so then; `problem` is why that was not heard.
export function useLook(network: Network, move: Move, isMine: boolean, again: () => void) {
  const [misses, setMisses] = useState(0);
  const [problem, setProblem] = useState("");

  const look = useEffectEvent(async () => {
    const found = await isReached(move);
    if (!found) setMisses((before) => before + 1);
    return found;
  });
  const keep = useEffectEvent(async () => {
    try {
      await decide(move, true);
    } catch (error) {
      if (isOver(error)) return again();
      if (!isUnreachable(error)) return setProblem(reasonOf(error));
    }
    leaveFor(network, move);
  });

  const id = move.switch_id;
  const looks = isMine && mayLook(move);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another move is another look.
  useEffect(() => {
    if (!looks) return;
    let isLeft = false;
    let timer: number | undefined;
    const next = async () => {
      const found = await look();
      if (isLeft) return;
      if (found) await keep();
      else timer = window.setTimeout(() => void next(), LOOK_EVERY_MS);
    };
    void next();
    return () => {
      isLeft = true;
      window.clearTimeout(timer);
    };
  }, [id, looks]);

  return { misses, problem };
}

// Says that it is reached, by somebody who has seen it.
export async function keepUnseen(network: Network, move: Move): Promise<void> {
  await decide(move, true);
  leaveFor(network, move);
}

// Goes on where the gateway listens now.
function leaveFor(network: Network, move: Move): void {
  window.location.replace(pageOf(originAfter(network, move), { ended: "kept" }));
}

// How many seconds are left of so many that were left at a moment.
export function useSecondsLeft(left: number, at: number): number {
  const [now, setNow] = useState(at);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil(left - Math.max(0, now - at) / 1000));
}
