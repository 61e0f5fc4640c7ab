// In which time a limit counts: a window, with its zone where it goes by a calendar, or its length.
import { Group, NumberInput, Select } from "@mantine/core";
import { quota } from "@/texts/en/quota";
import { type Draft, isCalendar, isSpan, type WindowKind } from "./limit-draft";

const words = quota.create;

const WINDOWS = Object.entries(words.windows).map(([value, label]) => ({ value, label }));
const DAYS = Object.entries(words.days).map(([value, label]) => ({ value, label }));
// All zones that this browser knows; UTC is none of them in some.
const ZONES = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
const SHOWN_ZONES = 50;

interface Props {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
}

export function WindowFields({ draft, onChange }: Props) {
  const { window, tz } = draft;
  return (
    <>
      <Group gap={12} align="flex-start" grow>
        <Select
          label={words.window}
          data={WINDOWS}
          allowDeselect={false}
          value={window}
          onChange={(value) => value !== null && onChange({ window: value as WindowKind })}
        />
        {isSpan(window) ? (
          <NumberInput
            label={words.seconds}
            required
            min={1}
            allowDecimal={false}
            value={draft.seconds}
            onChange={(value) => onChange({ seconds: typeof value === "number" ? value : "" })}
          />
        ) : null}
      </Group>
      {isCalendar(window) ? (
        <Group gap={12} align="flex-start" grow>
          <Select
            label={words.zone}
            searchable
            limit={SHOWN_ZONES}
            data={ZONES.includes(tz) ? ZONES : [tz, ...ZONES]}
            allowDeselect={false}
            value={tz}
            onChange={(value) => value !== null && onChange({ tz: value })}
          />
          {window === "week" ? (
            <Select
              label={words.week}
              data={DAYS}
              allowDeselect={false}
              value={draft.weekStart}
              onChange={(value) => value !== null && onChange({ weekStart: value })}
            />
          ) : null}
        </Group>
      ) : null}
    </>
  );
}
