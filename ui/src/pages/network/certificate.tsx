// The certificate that is served: where it comes from, for whom and until when it counts, and what is wrong with it.
import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { dayOf, fromNow } from "@/format/times";
import { Copy } from "@/parts/copy";
import { StateBadge } from "@/parts/state-badge";
import { Facts } from "@/table/side-panel";
import { certificate as words } from "@/texts/en/certificate";
import { Authority } from "./authority";
import type { Certificate as Shown } from "./network";
import { Trust } from "./trust";

const DAY_MS = 86_400_000;
// So long before its end it is told of, as the server does.
const SOON_MS = 14 * DAY_MS;

export function Certificate({ shown }: { shown: Shown }) {
  return (
    <Stack gap={12}>
      {shown.problem === "" ? null : <Refused shown={shown} />}
      {shown.warnings.map((warning) => (
        <Alert key={warning} color="yellow" icon={<IconAlertTriangle size={18} />}>
          {warning}
        </Alert>
      ))}
      {shown.mode === shown.wanted_mode ? null : <Text size="sm">{words.meanwhile}</Text>}
      <Facts
        facts={[
          [words.mode, words.modes[shown.mode]],
          [words.names, shown.names.length === 0 ? words.noNames : shown.names.join(", ")],
          [words.issuer, shown.self_signed ? words.itself : shown.issuer],
          [words.until, <Until key="until" shown={shown} />],
          [words.fingerprint, <Copied key="print" text={shown.fingerprint} what={words.fingerprintOf} />],
          [words.file, <Copied key="file" text={shown.file} what={shown.file} />],
          [
            words.sources,
            shown.source_files.length === 0 ? undefined : <Files key="sources" files={shown.source_files} />,
          ],
        ]}
      />
      {shown.trust_file === "" ? null : <Trust file={shown.trust_file} />}
      {shown.authority ? <Authority authority={shown.authority} /> : null}
    </Stack>
  );
}

// Colour, icon and word: it counts, ends soon, or is over.
function Until({ shown }: { shown: Shown }) {
  const left = new Date(shown.not_after).getTime() - Date.now();
  const isEarly = new Date(shown.not_before).getTime() > Date.now();
  const state = left <= 0 || isEarly ? "stopped" : left < SOON_MS ? "soon" : "ok";
  const word = left <= 0 ? words.over : isEarly ? words.notYet : left < SOON_MS ? words.soon : words.fine;
  return (
    <Group gap={8}>
      <span>{`${dayOf(shown.not_after)}, ${fromNow(shown.not_after)}`}</span>
      <StateBadge state={state} word={word} />
    </Group>
  );
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <Text component="span" size="sm" className="mono" style={{ overflowWrap: "anywhere" }}>
        {text}
      </Text>
      <Copy text={text} what={what} />
    </Group>
  );
}

function Files({ files }: { files: readonly string[] }) {
  return (
    <>
      {files.map((file) => (
        <Text key={file} size="sm" className="mono" style={{ overflowWrap: "anywhere" }}>
          {file}
        </Text>
      ))}
    </>
  );
}

function Refused({ shown }: { shown: Shown }) {
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle size={18} />} title={words.problem}>
      {shown.problem}
      {shown.wanted_mode === "pem" ? <Text size="sm">{words.lookedAgain}</Text> : null}
    </Alert>
  );
}
