// A part that is loaded when it is first shown: panels, dialogs, and tabs that are not the first one.
//
// Not by Suspense: React shows what has come no sooner than 300 ms after the last fallback (FALLBACK_THROTTLE_MS), also
// when it was there after ten.
import { type ComponentType, createElement, type ReactNode, useEffect, useState } from "react";

type Load<Props> = () => Promise<ComponentType<Props>>;
type Meanwhile<Props> = ReactNode | ((props: Props) => ReactNode);

interface Kept<Props> {
  load: Load<Props>;
  meanwhile: Meanwhile<Props>;
  found?: ComponentType<Props>;
  loading?: Promise<void> | undefined;
}

// The part is what `load` finds; `meanwhile` keeps its place, which panels and dialogs do not have.
export function later<Props extends object>(load: Load<Props>, meanwhile: Meanwhile<Props> = null) {
  return shown<Props>({ load, meanwhile });
}

// The same for what a page shows as soon as it has an answer: loaded beside that, and not after it.
export function soon<Props extends object>(load: Load<Props>, meanwhile: Meanwhile<Props> = null) {
  const kept: Kept<Props> = { load, meanwhile };
  // Whoever shows it is told of what went wrong.
  loadOnce(kept).catch(() => undefined);
  return shown(kept);
}

function shown<Props extends object>(kept: Kept<Props>): ComponentType<Props> {
  return (props: Props) => <Part kept={kept} props={props} />;
}

function Part<Props extends object>({ kept, props }: { kept: Kept<Props>; props: Props }) {
  const [state, setState] = useState<{ problem?: unknown }>({});
  const isThere = kept.found !== undefined;
  useEffect(() => {
    if (isThere) return;
    loadOnce(kept).then(
      () => setState({}),
      (problem: unknown) => setState({ problem }),
    );
  }, [kept, isThere]);
  if (state.problem !== undefined) throw state.problem;
  if (kept.found !== undefined) return createElement(kept.found, props);
  return typeof kept.meanwhile === "function" ? kept.meanwhile(props) : kept.meanwhile;
}

// What could not be loaded is tried again by the next who shows it.
function loadOnce<Props>(kept: Kept<Props>): Promise<void> {
  kept.loading ??= kept.load().then(
    (found) => {
      kept.found = found;
    },
    (problem: unknown) => {
      kept.loading = undefined;
      throw problem;
    },
  );
  return kept.loading;
}
