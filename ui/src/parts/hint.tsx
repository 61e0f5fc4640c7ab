// Words beside what is pointed at. A page has hundreds of these, of which hardly one is looked at: until then there is
// nothing but the wish.
import { Tooltip } from "@mantine/core";
import { cloneElement, type PointerEventHandler, type ReactElement, useEffect, useRef, useState } from "react";

interface Pointed {
  onPointerEnter?: PointerEventHandler<HTMLElement>;
  onPointerLeave?: PointerEventHandler<HTMLElement>;
}

interface Props {
  label: string;
  children: ReactElement<Pointed>;
}

const AFTER_MS = 300;

export function Hint({ label, children }: Props) {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const timer = useRef<number | undefined>(undefined);
  const leave = () => {
    window.clearTimeout(timer.current);
    setElement(null);
  };
  // A finger does not rest on anything.
  const enter: PointerEventHandler<HTMLElement> = ({ currentTarget, pointerType }) => {
    if (pointerType === "touch") return;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setElement(currentTarget), AFTER_MS);
  };
  return (
    <>
      {cloneElement(children, { onPointerEnter: enter, onPointerLeave: leave })}
      {element === null ? null : <Shown element={element} label={label} onEscape={leave} />}
    </>
  );
}

function Shown({ element, label, onEscape }: { element: HTMLElement; label: string; onEscape: () => void }) {
  useEffect(() => {
    const close = (event: KeyboardEvent) => event.key === "Escape" && onEscape();
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  });
  return <Tooltip target={element} opened label={label} />;
}
