// What a table is told of its columns and its order.
import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  head: string;
  cell: (row: Row) => ReactNode;
  align?: "left" | "right";
  // Pixels; columns without one share what is left.
  width?: number;
  // Whether the server sorts by it.
  sort?: boolean;
  // Not shown until somebody chooses it.
  hidden?: boolean;
}

export interface Sort {
  id: string;
  descending: boolean;
}

// An order as it stands in an address: `cost`, or `-cost` for the largest first.
export function sortOf(text: string): Sort | undefined {
  if (text === "") return undefined;
  return text.startsWith("-") ? { id: text.slice(1), descending: true } : { id: text, descending: false };
}

export function sortText({ id, descending }: Sort): string {
  return descending ? `-${id}` : id;
}
