// Where the time went: a bar per attempt, light until its first token.
import { Stack, Tooltip } from "@mantine/core";
import { duration } from "@/format/figures";
import { story as words } from "@/texts/en/story";
import classes from "./requests.module.css";
import { answeredModel, type Row, stateOf } from "./row";
import { lengthOf } from "./use-story";

const US_PER_MS = 1000;

export function Waterfall({ attempts }: { attempts: readonly Row[] }) {
  const begun = attempts[0]?.started_us ?? 0;
  const length = Math.max(1, lengthOf(attempts));
  const place = (fromUs: number, us: number) => ({
    left: `${(Math.max(0, fromUs) / length) * 100}%`,
    width: `${(us / length) * 100}%`,
  });
  return (
    <Stack gap={4} aria-hidden>
      {attempts.map((row) => {
        const from = row.started_us - begun;
        const state = stateOf(row);
        return (
          <Tooltip key={row.id} label={`${answeredModel(row)} · ${words.took(duration(row.latency_us / US_PER_MS))}`}>
            <div className={classes.waterfall}>
              <span className={classes.bar} data-state={state} style={place(from, row.latency_us)} />
              {row.first_token_us > 0 ? (
                <span
                  className={classes.bar}
                  data-part="answer"
                  data-state={state}
                  style={place(from + row.first_token_us, row.latency_us - row.first_token_us)}
                />
              ) : null}
            </div>
          </Tooltip>
        );
      })}
    </Stack>
  );
}
