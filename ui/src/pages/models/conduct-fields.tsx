// How requests to an alias are carried: what is usual is usually right, so these are folded away at first.
import { Group, NumberInput, Stack, Switch } from "@mantine/core";
import { aliases } from "@/texts/en/aliases";
import type { AliasDraft } from "./alias-draft";

const words = aliases.conduct;

type Flag = "sticky" | "hedge" | "continue_streams" | "refused_elsewhere";
type Amount = "hedge_after_s" | "hedge_percent" | "deadline_s" | "min_tokens_per_s" | "probe_s";

interface Props {
  draft: AliasDraft;
  onChange: (changes: Partial<AliasDraft>) => void;
}

export function ConductFields({ draft, onChange }: Props) {
  const flag = (name: Flag, label: string) => (
    <Switch
      label={label}
      checked={draft[name]}
      onChange={(event) => onChange({ [name]: event.currentTarget.checked })}
    />
  );
  const amount = (name: Amount, label: string, hint: string) => (
    <NumberInput
      label={label}
      description={hint}
      min={0}
      inputWrapperOrder={["label", "input", "description", "error"]}
      value={draft[name]}
      onChange={(value) => typeof value === "number" && onChange({ [name]: value })}
    />
  );
  return (
    <Stack gap={12} mt={12}>
      {flag("sticky", words.sticky)}
      {flag("hedge", words.hedge)}
      {draft.hedge ? (
        <Group grow gap={12} align="flex-start">
          {amount("hedge_after_s", words.hedgeAfter, words.hedgeAfterHint)}
          {amount("hedge_percent", words.hedgePercent, words.hedgePercentHint)}
        </Group>
      ) : null}
      {flag("continue_streams", words.continueStreams)}
      {flag("refused_elsewhere", words.refusedElsewhere)}
      {amount("deadline_s", words.deadline, words.deadlineHint)}
      <Group grow gap={12} align="flex-start">
        {amount("min_tokens_per_s", words.minSpeed, words.minSpeedHint)}
        {draft.min_tokens_per_s > 0 ? amount("probe_s", words.probe, words.probeHint) : null}
      </Group>
    </Stack>
  );
}
