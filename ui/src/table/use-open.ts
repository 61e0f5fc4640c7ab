// What is open beside a table, by its id, kept in the address; "" is nothing.
import { useView } from "@/view";

export function useOpen(): [string, (id: string) => void] {
  const [view, change] = useView({ open: "" });
  return [view.open, (open: string) => change({ open })];
}
