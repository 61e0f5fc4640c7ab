// Every address that is listened at: what is served there, who reaches it, by how many processes.
import { Skeleton, Table, Text } from "@mantine/core";
import { Panel } from "@/parts/panel";
import { StateBadge } from "@/parts/state-badge";
import { network as words } from "@/texts/en/network";
import type { Listener, Props } from "./network";

export function Listeners({ network }: Props) {
  if (network === undefined) return <Skeleton h={140} />;
  const { declared } = network;
  return (
    <Panel
      title={words.listeners}
      hint={declared.differs ? words.declaredElse(declared.listen_addr) : words.declaredAt(declared.declared_at)}
      flush
    >
      <Table.ScrollContainer
        minWidth={560}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "region", "aria-label": words.listeners } }}
      >
        <Table verticalSpacing={10} horizontalSpacing={16} aria-label={words.listeners}>
          <Table.Thead>
            <Table.Tr>
              {[words.address, words.serves, words.reach, words.tls].map((head) => (
                <Table.Th key={head}>{head}</Table.Th>
              ))}
              <Table.Th ta="right">{words.workers}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {network.listeners.map((one) => (
              <Row key={`${one.serves}${one.address}`} one={one} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

function Row({ one }: { one: Listener }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Text component="code" className="mono">
          {one.address}
        </Text>
      </Table.Td>
      <Table.Td>{words.servesWhat[one.serves]}</Table.Td>
      <Table.Td>{words.reaches[one.reach]}</Table.Td>
      <Table.Td>
        {one.tls === "on" ? (
          <StateBadge state="ok" word={words.tlsOn} />
        ) : (
          <StateBadge state={one.reach === "this_machine" ? "unknown" : "soon"} word={words.tlsOff} />
        )}
      </Table.Td>
      <Table.Td ta="right" className="figures">
        {one.workers}
      </Table.Td>
    </Table.Tr>
  );
}
