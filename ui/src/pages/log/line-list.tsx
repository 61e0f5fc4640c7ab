// The lines, newest first; only those in sight are drawn. Whoever scrolls down to read holds the list still.
import { Box, Button, Skeleton, Text } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import { exact } from "@/format/figures";
import { log as words } from "@/texts/en/log";
import { LineRow } from "./line-row";
import { type Line, MOST_LINES } from "./lines";
import classes from "./log.module.css";

interface Props {
  lines: Line[];
  waiting: number;
  isBounded: boolean;
  hasOlder: boolean;
  isLoadingOlder: boolean;
  onOlder: () => void;
  // Told when somebody leaves the top to read, and when they come back.
  onReading: (isReading: boolean) => void;
  onNewest: () => void;
}

const LINE_PX = 30;
const BESIDE = 20;
const AT_TOP_PX = 8;

export function LineList({ lines, onReading, onNewest, waiting, ...rest }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => lines[index]?.id ?? index,
    estimateSize: () => LINE_PX,
    overscan: BESIDE,
  });
  const drawn = virtual.getVirtualItems();
  const toNewest = () => {
    onNewest();
    scroller.current?.scrollTo({ top: 0 });
  };
  return (
    <Box pos="relative">
      {waiting > 0 ? (
        <Button
          className={classes.waiting}
          size="xs"
          radius="xl"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          onClick={toNewest}
        >
          {words.waiting(waiting)}
        </Button>
      ) : null}
      <section
        ref={scroller}
        className={classes.scroller}
        aria-label={words.lines}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        onScroll={(event) => onReading(event.currentTarget.scrollTop > AT_TOP_PX)}
      >
        <table className={classes.table} aria-label={words.lines} aria-rowcount={lines.length}>
          <Head />
          <tbody>
            <Room height={drawn[0]?.start ?? 0} />
            {drawn.map(({ index }) => {
              const line = lines[index];
              if (line === undefined) return null;
              return (
                <tr key={line.id} ref={virtual.measureElement} data-index={index} className={classes.line}>
                  <LineRow
                    line={line}
                    opened={opened.has(line.id)}
                    onToggle={() => setOpened((before) => toggled(before, line.id))}
                  />
                </tr>
              );
            })}
            <Room height={virtual.getTotalSize() - (drawn.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
        <Foot {...rest} />
      </section>
    </Box>
  );
}

function Room({ height }: { height: number }) {
  return height > 0 ? <tr aria-hidden className={classes.room} style={{ height }} /> : null;
}

function Head() {
  return (
    <thead className={classes.head}>
      <tr>
        {Object.entries(words.columns).map(([name, head]) => (
          <th key={name} scope="col" className={classes[name]}>
            {head}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Foot(props: Pick<Props, "isBounded" | "hasOlder" | "isLoadingOlder" | "onOlder">) {
  if (props.isBounded) {
    return (
      <Text size="xs" c="dimmed" ta="center" p={12}>
        {words.bounded(exact(MOST_LINES))}
      </Text>
    );
  }
  return props.hasOlder ? (
    <Box ta="center" p={8}>
      <Button variant="subtle" size="xs" loading={props.isLoadingOlder} onClick={props.onOlder}>
        {words.older}
      </Button>
    </Box>
  ) : null;
}

const SKELETONS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

export function SkeletonLines() {
  return (
    <Box p={12} aria-busy>
      {SKELETONS.map((name) => (
        <Skeleton key={name} h={14} my={12} radius="sm" />
      ))}
    </Box>
  );
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}
