// One part of a turn: words, thoughts, a call of a tool or what came back, or something that is told by its kind.
import { Text } from "@mantine/core";
import { type Icon, IconBulb, IconChevronRight, IconPaperclip, IconTool } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { exact } from "@/format/figures";
import { Foreign, ForeignLines } from "@/parts/foreign";
import { conversations } from "@/texts/en/conversations";
import classes from "./conversations.module.css";
import type { Piece } from "./use-conversation";
import { Words } from "./words";

const words = conversations.panel;
const SUMMARY_CHARS = 120;
const PRETTY_CHARS = 100_000;

export function PieceView({ piece, showThinking }: { piece: Piece; showThinking: boolean }) {
  switch (piece.kind) {
    case "text":
      return <Words text={piece.text} />;
    case "thinking":
      return (
        <Folded
          key={String(showThinking)}
          icon={IconBulb}
          name={words.thinking}
          summary={words.chars(exact(piece.text.length))}
          opened={showThinking}
        >
          <Words text={piece.text} />
        </Folded>
      );
    case "tool_call":
      return <Tool name={piece.name || words.toolCall} kind={words.toolCall} text={piece.text} />;
    case "tool_result":
      return (
        <Tool
          name={piece.name ?? ""}
          kind={piece.is_error ? words.toolFailed : words.toolResult}
          text={piece.text}
          failed={piece.is_error ?? false}
        />
      );
    case "refusal":
      return (
        <div className={classes.refusal}>
          <Text size="xs" fw={600}>
            {words.refusal}
          </Text>
          <Words text={piece.text} />
        </div>
      );
    case "media":
      return (
        <span className={classes.media}>
          <IconPaperclip size={14} aria-hidden />
          <Foreign text={piece.text} />
        </span>
      );
    default:
      return <Tool name={piece.name ?? ""} kind={piece.name ?? ""} text={piece.text} />;
  }
}

interface ToolProps {
  name: string;
  kind: string;
  text: string;
  failed?: boolean;
}

function Tool({ name, kind, text, failed = false }: ToolProps) {
  const summary = text.length > SUMMARY_CHARS ? `${text.slice(0, SUMMARY_CHARS)}…` : text;
  return (
    <Folded
      icon={IconTool}
      name={name === kind || name === "" ? kind : `${kind}: ${name}`}
      summary={summary}
      failed={failed}
    >
      <ForeignLines text={pretty(text)} label={kind} />
    </Folded>
  );
}

interface FoldedProps {
  icon: Icon;
  name: string;
  summary: string;
  opened?: boolean;
  failed?: boolean;
  children: ReactNode;
}

export function Folded({ icon: Picture, name, summary, opened = false, failed = false, children }: FoldedProps) {
  return (
    <details className={classes.folded} open={opened}>
      <summary data-failed={failed || undefined}>
        <IconChevronRight size={14} aria-hidden className={classes.mark} />
        <Picture size={14} aria-hidden />
        <bdi className={classes.foldedName}>{name}</bdi>
        <bdi className={classes.foldedSummary}>{summary}</bdi>
      </summary>
      <div className={classes.unfolded}>{children}</div>
    </details>
  );
}

function pretty(text: string): string {
  if (text.length > PRETTY_CHARS || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
