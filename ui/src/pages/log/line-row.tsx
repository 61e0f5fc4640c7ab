// One line of the log; what else was said beside its message unfolds beneath it.
import { UnstyledButton } from "@mantine/core";
import {
  type Icon,
  IconAlertTriangle,
  IconBug,
  IconChevronRight,
  IconCircleX,
  IconInfoCircle,
} from "@tabler/icons-react";
import { absolute, momentOf } from "@/format/times";
import { Copy } from "@/parts/copy";
import { Foreign, ForeignLines } from "@/parts/foreign";
import { log as words } from "@/texts/en/log";
import type { Line } from "./lines";
import classes from "./log.module.css";

const PICTURES: Readonly<Record<string, Icon>> = {
  debug: IconBug,
  info: IconInfoCircle,
  warning: IconAlertTriangle,
  error: IconCircleX,
  critical: IconCircleX,
};

interface Props {
  line: Line;
  opened: boolean;
  onToggle: () => void;
}

export function LineRow({ line, opened, onToggle }: Props) {
  const Picture = PICTURES[line.level] ?? IconInfoCircle;
  const fields = Object.entries(line.fields ?? {});
  return (
    <>
      <td className={classes.time} title={absolute(line.timestamp)}>
        <time dateTime={line.timestamp}>{momentOf(line.timestamp)}</time>
      </td>
      <td className={classes.level} data-level={line.level}>
        <Picture size={14} aria-hidden />
        {line.level}
      </td>
      <td className={classes.process}>{line.process}</td>
      <td className={classes.message}>
        <UnstyledButton className={classes.words} aria-expanded={opened} onClick={onToggle}>
          <IconChevronRight size={14} aria-hidden className={classes.mark} />
          <Foreign text={line.message} />
          {opened ? null : <Summary fields={fields} />}
        </UnstyledButton>
        {opened ? <Unfolded line={line} fields={fields} /> : null}
      </td>
    </>
  );
}

type Fields = [string, unknown][];

function Summary({ fields }: { fields: Fields }) {
  return <bdi className={classes.summary}>{fields.map(([name, value]) => `${name}=${told(value)}`).join("  ")}</bdi>;
}

function Unfolded({ line, fields }: { line: Line; fields: Fields }) {
  return (
    <div className={classes.unfolded}>
      <Copy text={JSON.stringify(line)} what={words.copyLine} />
      <dl>
        <dt>{words.columns.time}</dt>
        <dd>{absolute(line.timestamp)}</dd>
        {fields.map(([name, value]) => (
          <FieldRow key={name} name={name} text={told(value)} />
        ))}
      </dl>
    </div>
  );
}

function FieldRow({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{text.includes("\n") ? <ForeignLines text={text} label={name} /> : <Foreign text={text} />}</dd>
    </>
  );
}

function told(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
