// Every address that is listened at: what is served there, who reaches it, by how many processes.
import { Skeleton, Table, Text } from "@mantine/core";
import { Panel } from "@/parts/panel";
import { StateBadge } from "@/parts/state-badge";
import { network as words } from "@/texts/en/network";
import type { Listener, Network, Props } from "./network";

export function Listeners({ network }: Props) {
  if (network === undefined) return <Skeleton h={140} />;
  return (
    <Panel title={words.listeners} hint={hintOf(network)} flush>
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
        <Tls one={one} />
      </Table.Td>
      <Table.Td ta="right" className="figures">
        {one.workers}
      </Table.Td>
    </Table.Tr>
  );
}

// Plain HTTP that only leads to HTTPS, or does not leave this machine, is nothing to be warned of.
function Tls({ one }: { one: Listener }) {
  if (one.tls === "on") return <StateBadge state="ok" word={words.tlsOn} />;
  const isRisky = one.reach !== "this_machine" && one.serves !== "redirect";
  return <StateBadge state={isRisky ? "soon" : "unknown"} word={words.tlsOff} />;
}

// Where the address is said; one that was moved is told of in full beside this.
function hintOf({ declared, moved, listeners }: Network): string {
  if (declared.differs) return words.declaredElse(declared.listen_addr);
  if (moved.length > 0 || listeners.some((one) => one.tls === "on")) return words.listenersHint;
  return words.declaredAt(declared.declared_at);
}
