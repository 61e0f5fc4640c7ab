// One place that was asked: who, how it went, and where it failed why, in words.
import { Group, Text } from "@mantine/core";
import { duration } from "@/format/figures";
import { Foreign } from "@/parts/foreign";
import { StateBadge } from "@/parts/state-badge";
import { errors } from "@/texts/en/errors";
import { requests } from "@/texts/en/requests";
import { story as words } from "@/texts/en/story";
import classes from "./requests.module.css";
import { answeredModel, type Row, stateOf } from "./row";

const US_PER_MS = 1000;
const CONTINUED = "continued ";

export function Attempt({ row, receivedUs }: { row: Row; receivedUs: number }) {
  const waited = row.started_us - receivedUs;
  return (
    <>
      <Group gap={8}>
        <Text size="sm" component="div">
          <Foreign text={answeredModel(row)} />
        </Text>
        <StateBadge state={stateOf(row)} word={`${row.status || ""} ${requests.ends[row.end_reason]}`.trim()} />
      </Group>
      <Text size="xs" c="dimmed" className="figures" component="div">
        <Foreign text={notesOf(row, waited).join(" · ")} />
      </Text>
      <Failure row={row} />
    </>
  );
}

function notesOf(row: Row, waited: number): string[] {
  const isContinued = row.changed.startsWith(CONTINUED);
  return [
    ...(waited > 0 ? [words.waited(duration(waited / US_PER_MS))] : []),
    ...(row.provider_request_id ? [`${words.providerRequest}: ${row.provider_request_id}`] : []),
    ...(isContinued ? [words.resumed(row.changed.slice(CONTINUED.length))] : []),
    ...(row.changed && !isContinued ? [words.changed(row.changed)] : []),
  ];
}

export function Failure({ row }: { row: Row }) {
  if (row.end_reason === "completed") return null;
  const said = errors[row.error_code as keyof typeof errors];
  return (
    <div className={classes.failure}>
      <Text size="sm">{said?.what ?? requests.endsLong[row.end_reason]}</Text>
      {said ? (
        <Text size="xs" c="dimmed">
          {said.todo}
        </Text>
      ) : null}
      {row.error_code ? (
        <Text size="xs" c="dimmed" component="div">
          {`${words.code}: `}
          <span className="mono">
            <Foreign text={row.error_code} />
          </span>
        </Text>
      ) : null}
    </div>
  );
}
