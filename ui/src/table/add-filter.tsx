// The menu that adds a filter: first what to filter by, then its value.
import { Button, Group, Popover, Skeleton, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";
import { later } from "@/parts/later";
import { table as words } from "@/texts/en/table";
import classes from "./add-filter.module.css";
import type { Change, Filter } from "./filter-bar";

const FilterChoice = later(() => import("./filter-choice").then((module) => module.FilterChoice), <Skeleton h={58} />);

export function AddFilter({ filters, change }: { filters: readonly Filter[]; change: Change }) {
  const [opened, setOpened] = useState(false);
  const [chosen, setChosen] = useState<Filter | null>(null);
  const leave = (open: boolean) => {
    setOpened(open);
    setChosen(null);
  };
  const apply = (filter: Filter, value: string) => {
    leave(false);
    if (value !== "") change({ [filter.name]: value });
  };
  return (
    <Popover opened={opened} onChange={leave} position="bottom-start" trapFocus returnFocus shadow="md" width={240}>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconFilter size={14} aria-hidden />}
          onClick={() => leave(!opened)}
        >
          {words.addFilter}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        {chosen === null ? (
          <Subjects filters={filters} onChoose={setChosen} />
        ) : (
          <Value filter={chosen} onApply={(value) => apply(chosen, value)} onBack={() => setChosen(null)} />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Subjects({ filters, onChoose }: { filters: readonly Filter[]; onChoose: (filter: Filter) => void }) {
  return (
    <Stack gap={0}>
      <Text size="xs" c="dimmed" px={8} py={4}>
        {words.filterBy}
      </Text>
      {filters.map((filter) => (
        <UnstyledButton key={filter.name} className={classes.subject} onClick={() => onChoose(filter)}>
          {filter.label}
        </UnstyledButton>
      ))}
    </Stack>
  );
}

interface ValueProps {
  filter: Filter;
  onApply: (value: string) => void;
  onBack: () => void;
}

function Value({ filter, onApply, onBack }: ValueProps) {
  const [typed, setTyped] = useState("");
  if (filter.options) return <FilterChoice filter={filter} onApply={onApply} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onApply(typed.trim());
      }}
    >
      <TextInput
        data-autofocus
        label={filter.label}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Group justify="space-between" mt={8}>
        <Button variant="subtle" color="gray" size="xs" onClick={onBack}>
          {words.back}
        </Button>
        <Button type="submit" size="xs">
          {words.apply}
        </Button>
      </Group>
    </form>
  );
}
