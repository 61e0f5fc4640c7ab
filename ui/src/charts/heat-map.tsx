// When in the week things happen: hours × days, darker for more. It is a table, so what is seen can be read as well.
import { Group, Text } from "@mantine/core";
import { charts as words } from "@/texts/en/charts";
import classes from "./charts.module.css";

interface Props {
  name: string;
  // By day (Monday first) and hour (0 to 23), in the viewer's zone.
  values: readonly (readonly number[])[];
  format: (value: number) => string;
}

const DAYS = words.days.split(",");
const SHORT_DAYS = words.shortDays.split(",");
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
// How strong the least of what is not nothing is, in per cent of the accent.
const LEAST = 14;
const STEPS = 5;

export function HeatMap({ name, values, format }: Props) {
  const highest = Math.max(0, ...values.flat());
  return (
    <>
      <table className={classes.heat}>
        <caption>
          <span className="unseen">{name}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col" className={classes.day}>
              <span className="unseen">{words.hour}</span>
            </th>
            {HOURS.map((hour) => (
              <th key={hour} scope="col">
                {hour % 6 === 0 ? hourName(hour) : <span className="unseen">{hourName(hour)}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {SHORT_DAYS.map((day, at) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {HOURS.map((hour) => (
                <Cell
                  key={hour}
                  told={words.heatCell(DAYS[at] ?? day, hourName(hour), format(values[at]?.[hour] ?? 0))}
                  figure={format(values[at]?.[hour] ?? 0)}
                  share={highest > 0 ? (values[at]?.[hour] ?? 0) / highest : 0}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Group gap={4} justify="flex-end" mt={8} aria-hidden>
        <Text size="xs" c="dimmed">
          {words.less}
        </Text>
        {Array.from({ length: STEPS }, (_, step) => (
          <span
            key={shadeOf(step / (STEPS - 1))}
            className={classes.swatch}
            style={{ background: shadeOf(step / (STEPS - 1)) }}
          />
        ))}
        <Text size="xs" c="dimmed">
          {`${words.more} (${format(highest)})`}
        </Text>
      </Group>
    </>
  );
}

function Cell({ told, figure, share }: { told: string; figure: string; share: number }) {
  return (
    <td title={told} style={{ background: shadeOf(share) }}>
      <span className="unseen">{figure}</span>
    </td>
  );
}

function shadeOf(share: number): string {
  if (share <= 0) return "var(--line)";
  return `color-mix(in oklab, var(--mantine-primary-color-filled) ${Math.round(LEAST + share * (100 - LEAST))}%, var(--surface))`;
}

function hourName(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}
