// A ready snippet for one's program: choose the program and the model, copy, run.
import { Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useState } from "react";
import { Copy } from "@/parts/copy";
import { snippets as words } from "@/texts/en/snippets";
import { CLIENTS, type ClientName } from "./clients";
import type { Block } from "./snippet";
import classes from "./snippets.module.css";

interface Props {
  // Without one the snippet says where it goes.
  apiKey?: string;
  models: readonly string[];
  // What clients are pointed at, without a path; the address of this page where nothing else is said.
  base?: string;
}

const NAMES = Object.keys(CLIENTS) as ClientName[];

export function SnippetView({ apiKey, models, base = window.location.origin }: Props) {
  const [client, setClient] = useLocalStorage<ClientName>({
    key: "tokenrouter.snippet",
    defaultValue: "curl",
    getInitialValueInEffect: false,
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const model = chosen !== null && models.includes(chosen) ? chosen : (models[0] ?? "");
  const blocks = (CLIENTS[client] ?? CLIENTS.curl)({ base, key: apiKey ?? words.yourKey, model });

  return (
    <Stack gap={12}>
      <Group gap={12} grow preventGrowOverflow={false}>
        <NativeSelect
          label={words.client}
          value={client}
          onChange={(event) => setClient(event.currentTarget.value as ClientName)}
          data={NAMES.map((value) => ({ value, label: words.clients[value] }))}
        />
        <NativeSelect
          label={words.model}
          value={model}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={models.length === 0 ? [{ value: "", label: words.noModels, disabled: true }] : [...models]}
        />
      </Group>
      {blocks.map((block, index) => (
        <BlockView key={block.file ?? "terminal"} block={block} first={index === 0} />
      ))}
    </Stack>
  );
}

function BlockView({ block, first }: { block: Block; first: boolean }) {
  const where = block.file ? words.inFile(block.file) : first ? words.inTerminal : words.thenRun;
  return (
    <div className={classes.block}>
      <Group justify="space-between" className={classes.where} wrap="nowrap">
        <Text size="xs" c="dimmed">
          {where}
        </Text>
        <Copy text={block.code} what={words.copyCode} />
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className={classes.scroller} aria-label={where} tabIndex={0}>
        <pre className={classes.code}>{block.code}</pre>
      </section>
    </div>
  );
}
