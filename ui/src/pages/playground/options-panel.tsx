// How models are asked: system prompt, streaming, temperature, the longest answer, tools.
import { Box, Group, JsonInput, Stack, Switch, Textarea } from "@mantine/core";
import { NumberField } from "@/parts/number-field";
import { playground as words } from "@/texts/en/playground";
import { optionsOf, type Settings } from "./settings";

interface Props {
  settings: Settings;
  onChange: (settings: Settings) => void;
}

export function OptionsPanel({ settings, onChange }: Props) {
  const change = (part: Partial<Settings>) => onChange({ ...settings, ...part });
  return (
    <Stack gap={12}>
      <Textarea
        label={words.system}
        autosize
        minRows={2}
        maxRows={8}
        value={settings.system}
        onChange={(event) => change({ system: event.currentTarget.value })}
      />
      <Group gap={12} align="flex-end">
        <NumberField
          label={words.temperature}
          placeholder={words.asModel}
          min={0}
          max={2}
          step={0.1}
          w={140}
          value={settings.temperature}
          onChange={(temperature) => change({ temperature })}
        />
        <NumberField
          label={words.maxTokens}
          placeholder={words.asModel}
          min={1}
          w={160}
          value={settings.maxTokens}
          onChange={(maxTokens) => change({ maxTokens })}
        />
        <Box pb={8}>
          <Switch
            label={words.stream}
            checked={settings.stream}
            onChange={(event) => change({ stream: event.currentTarget.checked })}
          />
        </Box>
      </Group>
      <JsonInput
        label={words.tools}
        description={words.toolsHint}
        placeholder={EXAMPLE}
        autosize
        minRows={2}
        maxRows={12}
        value={settings.tools}
        onChange={(tools) => change({ tools })}
        error={optionsOf(settings) === null ? words.toolsWrong : undefined}
      />
    </Stack>
  );
}

const EXAMPLE =
  '[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]';
