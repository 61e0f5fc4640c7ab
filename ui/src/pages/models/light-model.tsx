// Short requests go elsewhere: to which model, and what is short.
import { Group, Input, NumberInput, Slider, Stack, Switch } from "@mantine/core";
import { aliases } from "@/texts/en/aliases";
import type { AliasDraft } from "./alias-draft";
import { ChooseModel } from "./choose-model";

const words = aliases.form;
const LEAST = 10;
const MOST = 512;
const MARKS = [LEAST, 128, 256, MOST].map((value) => ({ value, label: String(value) }));

interface Props {
  draft: AliasDraft;
  onChange: (changes: Partial<AliasDraft>) => void;
}

export function LightModel({ draft, onChange }: Props) {
  const threshold = draft.light_model_threshold;
  const turn = (value: number | string) =>
    typeof value === "number" && onChange({ light_model_threshold: Math.max(0, Math.round(value)) });
  return (
    <Stack gap={12}>
      <Switch
        label={words.useLight}
        checked={draft.use_light_model}
        onChange={(event) => onChange({ use_light_model: event.currentTarget.checked })}
      />
      {draft.use_light_model ? (
        <>
          <ChooseModel
            label={words.light}
            description={words.lightHint}
            required
            value={draft.light_model}
            onChange={(light_model) => onChange({ light_model })}
          />
          <Input.Wrapper label={words.threshold} labelElement="div">
            <Group gap={16} wrap="nowrap" align="flex-start" mt={6}>
              <Slider
                flex={1}
                mb={20}
                thumbLabel={words.threshold}
                min={LEAST}
                max={MOST}
                marks={MARKS}
                value={Math.min(MOST, Math.max(LEAST, threshold))}
                onChange={turn}
              />
              <NumberInput
                w={88}
                aria-label={words.thresholdExact}
                min={0}
                allowDecimal={false}
                value={threshold}
                onChange={turn}
              />
            </Group>
          </Input.Wrapper>
        </>
      ) : null}
    </Stack>
  );
}
