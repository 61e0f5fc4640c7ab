// The words of tables, filters and side panels.
import { textsOf } from "../catalogue";

export const table = textsOf("table", {
  columns: "Columns",
  csv: "CSV",
  csvHint: "What is shown, with all its columns, as a file",
  older: "Show more",
  all: (count: number) => `Show all ${count}`,
  fewer: "Show fewer",
  selected: (count: number) => `${count} selected`,
  selectAll: "Select all that are loaded",
  select: (name: string) => `Select ${name}`,
  clearSelection: "Clear the selection",
  sortBy: (column: string) => `Sort by ${column}`,
  nothing: "There is nothing here yet.",
  addFilter: "Filter",
  removeFilter: (filter: string) => `Remove the filter ${filter}`,
  clearFilters: "Clear filters",
  filterBy: "Filter by",
  apply: "Apply",
  back: "Back",
  closePanel: "Close",
});
