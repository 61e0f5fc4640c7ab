// Importing a class list: paste or choose it, see what would happen, let it happen, hand the keys out.
import { Button, Checkbox, FileInput, Group, Modal, ScrollArea, Stack, Table, Text, Textarea } from "@mantine/core";
import { IconFileSpreadsheet } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Tokens } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { ChooseTeam } from "./fields";
import { type RosterAnswer, type RosterWish, sendRoster } from "./roster";
import { RosterDone } from "./roster-done";
import { RosterNotes } from "./roster-notes";

const words = access.roster;

export function RosterDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [wish, setWish] = useState<Omit<RosterWish, "list">>({ team: "", disableGone: false, enableListed: false });
  const sending = useMutation({
    mutationFn: (dryRun: boolean) => sendRoster({ ...wish, list: file ?? text }, dryRun),
  });
  const answer = sending.data;
  const done = answer !== undefined && !answer.dry_run;
  return (
    <Modal
      opened
      onClose={onClose}
      title={done ? words.doneTitle : words.title}
      size="xl"
      closeOnClickOutside={!done}
      closeButtonProps={{ "aria-label": parts.close }}
    >
      <Stack gap={16}>
        {done ? (
          <RosterDone answer={answer} onDone={onClose} />
        ) : answer ? (
          <Preview answer={answer} />
        ) : (
          <>
            <Text size="sm">{words.about}</Text>
            <Textarea
              label={words.paste}
              description={words.pasteHint}
              placeholder={words.example}
              rows={8}
              value={text}
              disabled={file !== null}
              onChange={(event) => setText(event.currentTarget.value)}
              classNames={{ input: "mono" }}
              data-autofocus
            />
            <FileInput
              label={words.file}
              accept=".csv,.tsv,.txt,text/csv"
              value={file}
              onChange={setFile}
              clearable
              leftSection={<IconFileSpreadsheet size={16} aria-hidden />}
            />
            <ChooseTeam
              label={words.team}
              placeholder={access.form.noTeam}
              value={wish.team}
              onChange={(team) => setWish({ ...wish, team })}
            />
            <Checkbox
              label={words.disableGone}
              checked={wish.disableGone}
              onChange={(event) => setWish({ ...wish, disableGone: event.currentTarget.checked })}
            />
            <Checkbox
              label={words.enableListed}
              checked={wish.enableListed}
              onChange={(event) => setWish({ ...wish, enableListed: event.currentTarget.checked })}
            />
          </>
        )}
        {sending.error ? <ProblemNote error={sending.error} /> : null}
        {done ? null : (
          <Group justify="flex-end" gap={8}>
            <Button variant="default" onClick={answer ? sending.reset : onClose}>
              {answer ? words.back : parts.cancel}
            </Button>
            <Button
              loading={sending.isPending}
              disabled={text.trim() === "" && file === null}
              onClick={() => sending.mutate(answer === undefined)}
            >
              {answer ? words.run(answer.people.length) : words.check}
            </Button>
          </Group>
        )}
      </Stack>
    </Modal>
  );
}

function Preview({ answer }: { answer: RosterAnswer }) {
  return (
    <>
      <Text size="sm" c="dimmed">
        {words.nothing}
      </Text>
      <RosterNotes answer={answer} />
      <RosterTable answer={answer} />
    </>
  );
}

// Of a very long list the first lines; all of them are imported.
const SHOWN = 200;

function RosterTable({ answer }: { answer: RosterAnswer }) {
  return (
    <ScrollArea.Autosize mah={360} viewportProps={{ tabIndex: 0 }}>
      <Table stickyHeader miw={560} aria-label={words.changes}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="right">{words.line}</Table.Th>
            <Table.Th>{words.name}</Table.Th>
            <Table.Th>{words.rowTeam}</Table.Th>
            <Table.Th ta="right">{words.quota}</Table.Th>
            <Table.Th>{words.changes}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {answer.people.slice(0, SHOWN).map((person) => (
            <Table.Tr key={person.line}>
              <Table.Td ta="right" className="figures">
                {person.line}
              </Table.Td>
              <Table.Td>{person.name}</Table.Td>
              <Table.Td>{person.team || parts.none}</Table.Td>
              <Table.Td ta="right">
                <Tokens value={person.quota_tokens} />
              </Table.Td>
              <Table.Td>{person.changes.join(", ") || words.unchanged}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}
