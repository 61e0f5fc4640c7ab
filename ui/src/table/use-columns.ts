// Which columns are shown: what somebody chose in this browser, else those that are not hidden at first.
import { useLocalStorage } from "@mantine/hooks";
import type { Column } from "./column";

export interface Choice {
  id: string;
  head: string;
  shown: boolean;
}

export function useColumns<Row>(name: string, columns: Column<Row>[]) {
  const [chosen, choose] = useLocalStorage<Record<string, boolean>>({
    key: `tokenrouter.columns.${name}`,
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  const isShown = (column: Column<Row>) => chosen[column.id] ?? !column.hidden;
  const shown = columns.filter(isShown);
  const choices: Choice[] = columns.map((column) => ({ id: column.id, head: column.head, shown: isShown(column) }));
  return {
    // A table without columns could not be mended by looking at it.
    shown: shown.length > 0 ? shown : columns.slice(0, 1),
    choices,
    toggle: (id: string, show: boolean) => choose({ ...chosen, [id]: show }),
  };
}
