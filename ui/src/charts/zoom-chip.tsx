// Says that a part of the time was drawn out in a chart, and leads back to the whole.
import { Pill } from "@mantine/core";
import { useRange } from "@/ranges";
import { charts as words } from "@/texts/en/charts";
import { slotName } from "./times";

export function ZoomChip() {
  const { range, from, to, setRange } = useRange();
  if (from === "" && to === "") return null;
  return (
    <Pill
      size="md"
      withRemoveButton
      onRemove={() => setRange(range)}
      removeButtonProps={{ "aria-label": words.zoomed, "aria-hidden": false, tabIndex: 0, title: words.zoomed }}
    >
      {words.period(from ? secondsName(from) : words.begin, to ? secondsName(to) : words.now)}
    </Pill>
  );
}

function secondsName(iso: string): string {
  const seconds = new Date(iso).getTime() / 1000;
  return Number.isNaN(seconds) ? iso : slotName(seconds, 0);
}
