// One figure with its name: the row at the top of a page.
import { Paper, SimpleGrid, Skeleton, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Hint } from "./hint";
import classes from "./tile.module.css";

interface Props {
  name: string;
  // Undefined while it is asked for.
  value: ReactNode | undefined;
  exactly?: string;
  note?: ReactNode;
}

export function Tile({ name, value, exactly, note }: Props) {
  const figure = (
    <Text component="span" fw={600} lh="34px" className={`${classes.figure} figures`}>
      {value}
    </Text>
  );
  return (
    <Paper withBorder radius="md" p={16} className={classes.tile}>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      {value === undefined ? <Skeleton h={34} w="60%" /> : exactly ? <Hint label={exactly}>{figure}</Hint> : figure}
      <Text size="xs" c="dimmed" mih={18} className="figures" component="div">
        {note}
      </Text>
    </Paper>
  );
}

export function Tiles({ children }: { children: ReactNode }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing={16} mb={16}>
      {children}
    </SimpleGrid>
  );
}
