// After an import: the new keys, shown this once, to be printed as slips or taken along as a table.
import { Button, Group, ScrollArea, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import { useState } from "react";
import { Copy } from "@/parts/copy";
import { access } from "@/texts/en/access";
import { keysCsv, type RosterAnswer } from "./roster";
import { RosterNotes } from "./roster-notes";
import { Slips } from "./slips";

const words = access.roster;

export function RosterDone({ answer, onDone }: { answer: RosterAnswer; onDone: () => void }) {
  const [printing, setPrinting] = useState(false);
  const people = answer.people.filter((person) => person.key !== null);
  const address = `${window.location.origin}/v1`;
  return (
    <Stack gap={16}>
      <Text size="sm">{words.newKeys(people.length)}</Text>
      <RosterNotes answer={answer} />
      {people.length > 0 ? (
        <>
          <Group gap={8}>
            <Button leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => setPrinting(true)}>
              {words.print}
            </Button>
            <Button
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => save(keysCsv(people, address))}
            >
              {words.download}
            </Button>
          </Group>
          <ScrollArea.Autosize mah={360} viewportProps={{ tabIndex: 0 }}>
            <Table aria-label={words.key}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{words.name}</Table.Th>
                  <Table.Th>{words.key}</Table.Th>
                  <Table.Td />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {people.map((person) => (
                  <Table.Tr key={person.line}>
                    <Table.Td>{person.name}</Table.Td>
                    <Table.Td className="mono">{person.key}</Table.Td>
                    <Table.Td>
                      <Copy text={person.key ?? ""} what={person.name} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </ScrollArea.Autosize>
        </>
      ) : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {words.done}
        </Button>
      </Group>
      {printing ? <Slips people={people} address={address} onPrinted={() => setPrinting(false)} /> : null}
    </Stack>
  );
}

function save(csv: string): void {
  const address = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = words.fileName;
  link.click();
  URL.revokeObjectURL(address);
}
