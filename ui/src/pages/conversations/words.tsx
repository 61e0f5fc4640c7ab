// What was said: as Markdown where it is short enough to be read, else its beginning, and all of it as text on demand.
import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { exact } from "@/format/figures";
import { Foreign } from "@/parts/foreign";
import { conversations } from "@/texts/en/conversations";
import classes from "./conversations.module.css";

const MarkdownText = lazy(() => import("./markdown").then((module) => ({ default: module.MarkdownText })));

const FOLDED_CHARS = 6000;
// Longer texts are no prose, and are drawn as they are.
const MARKDOWN_CHARS = 40_000;

export function Words({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const isLong = text.length > FOLDED_CHARS;
  const shown = isLong && !all ? `${text.slice(0, FOLDED_CHARS)}…` : text;
  const plain = (
    <div className={classes.plain}>
      <Foreign text={shown} />
    </div>
  );
  return (
    <bdi className={classes.words}>
      {shown.length > MARKDOWN_CHARS ? (
        plain
      ) : (
        <Suspense fallback={plain}>
          <MarkdownText text={shown} />
        </Suspense>
      )}
      {isLong && !all ? (
        <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
          {conversations.panel.all(exact(text.length))}
        </Button>
      ) : null}
    </bdi>
  );
}
