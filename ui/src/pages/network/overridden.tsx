// Addresses that were moved while the gateway ran: what the configuration says instead, and the way back.
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "@/api/session";
import { tellOf } from "@/parts/problem";
import { moving as words } from "@/texts/en/moving";
import { beginMove } from "./move";
import type { Network } from "./network";

type Moved = Network["moved"][number];

export function Overridden({ network }: { network: Network }) {
  if (network.moved.length === 0) return null;
  return (
    <Alert color="gray" icon={<IconArrowBackUp size={18} />} title={words.overridden}>
      <Stack gap={12}>
        {network.moved.map((one) => (
          <One key={one.setting} one={one} isBusy={network.pending !== null} />
        ))}
      </Stack>
    </Alert>
  );
}

// Back is a move as well, and stays undone where it would lock one out.
function One({ one, isBusy }: { one: Moved; isBusy: boolean }) {
  const [busy, setBusy] = useState(false);
  const may = useMay("settings.write");
  const undo = () => {
    setBusy(true);
    void beginMove(one.setting, one.declared).catch((error: unknown) => {
      tellOf(error);
      setBusy(false);
    });
  };
  return (
    <Group justify="space-between" gap={12}>
      <Text size="sm" flex="1 1 280px">
        {words.overriddenBy(one.setting, one.declared, one.declared_at, one.address)}
      </Text>
      {may ? (
        <Button variant="default" size="xs" loading={busy} disabled={isBusy} onClick={undo}>
          {words.undo(one.declared)}
        </Button>
      ) : null}
    </Group>
  );
}
