// Above a table: its filters, which columns are shown, the same rows as a file; or, when rows are selected, what can be
// done with them.
import { Button, Checkbox, Group, Popover, Stack, Text } from "@mantine/core";
import { IconColumns3, IconDownload, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { table as words } from "@/texts/en/table";
import type { Selection } from "./data-table";
import classes from "./table.module.css";
import type { Choice } from "./use-columns";

interface Props {
  filter?: ReactNode;
  actions?: ReactNode;
  csv?: string;
  selection?: Selection;
  bulk?: (ids: string[]) => ReactNode;
  choices: Choice[];
  onToggle: (id: string, show: boolean) => void;
}

export function TableTools({ filter, actions, csv, selection, bulk, choices, onToggle }: Props) {
  if (selection && bulk && selection.ids.size > 0) return <Bulk selection={selection} bulk={bulk} />;
  return (
    <Group className={classes.tools} gap={8}>
      <Group flex="1 1 240px" gap={8}>
        {filter}
      </Group>
      <Group gap={8}>
        <ChooseColumns choices={choices} onToggle={onToggle} />
        {csv ? (
          <Button
            component="a"
            href={csv}
            download
            variant="default"
            size="xs"
            title={words.csvHint}
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            {words.csv}
          </Button>
        ) : null}
        {actions}
      </Group>
    </Group>
  );
}

function ChooseColumns({ choices, onToggle }: Pick<Props, "choices" | "onToggle">) {
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<IconColumns3 size={14} aria-hidden />}>
          {words.columns}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.choices}>
        <Stack gap={10}>
          {choices.map((choice) => (
            <Checkbox
              key={choice.id}
              size="xs"
              label={choice.head}
              checked={choice.shown}
              onChange={(event) => onToggle(choice.id, event.currentTarget.checked)}
            />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Bulk({ selection, bulk }: { selection: Selection; bulk: (ids: string[]) => ReactNode }) {
  return (
    <Group className={classes.tools} gap={8} data-bulk>
      <Text size="sm" fw={600} className="figures" role="status">
        {words.selected(selection.ids.size)}
      </Text>
      {bulk([...selection.ids])}
      <Button
        variant="subtle"
        color="gray"
        size="xs"
        ml="auto"
        leftSection={<IconX size={14} aria-hidden />}
        onClick={() => selection.change(new Set())}
      >
        {words.clearSelection}
      </Button>
    </Group>
  );
}
