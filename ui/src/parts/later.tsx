// A part that is loaded when it is first shown: panels, dialogs, and tabs that are not the first one.
import { type ComponentType, createElement, lazy, type ReactNode, Suspense } from "react";

// `Part` is what `load` finds; `meanwhile` keeps its place, which panels and dialogs do not have.
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile: ReactNode = null,
): ComponentType<Props> {
  const Part = lazy(async () => ({ default: (await load()) as ComponentType<object> }));
  return (props: Props) => <Suspense fallback={meanwhile}>{createElement(Part, props)}</Suspense>;
}
