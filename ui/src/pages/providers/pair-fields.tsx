// Rows of a name and a value, such as headers; values that are secret are typed in and never shown.
import { ActionIcon, Button, Fieldset, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { providers as words } from "@/texts/en/providers";
import { newPair, type Pair } from "./form-values";
import classes from "./providers.module.css";

interface Props {
  legend: string;
  names: readonly [string, string];
  add: string;
  secret?: boolean;
  pairs: readonly Pair[];
  onChange: (pairs: Pair[]) => void;
}

export function PairFields({ legend, names, add, secret = false, pairs, onChange }: Props) {
  const change = (id: number, part: Partial<Pair>) =>
    onChange(pairs.map((pair) => (pair.id === id ? { ...pair, ...part } : pair)));
  const Value = secret ? PasswordInput : TextInput;
  return (
    <Fieldset legend={legend} variant="unstyled" classNames={{ legend: classes.legend }}>
      <Stack gap={8}>
        {pairs.map((pair) => (
          <Group key={pair.id} gap={8} wrap="nowrap">
            <TextInput
              flex={1}
              size="sm"
              aria-label={names[0]}
              placeholder={names[0]}
              value={pair.name}
              readOnly={pair.hint !== ""}
              onChange={(event) => change(pair.id, { name: event.currentTarget.value })}
            />
            <Value
              flex={1}
              size="sm"
              aria-label={names[1]}
              autoComplete="off"
              placeholder={pair.hint ? words.form.keyKept(pair.hint) : names[1]}
              value={pair.value}
              onChange={(event) => change(pair.id, { value: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={words.form.removePair(pair.name)}
              onClick={() => onChange(pairs.filter((one) => one.id !== pair.id))}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          size="compact-xs"
          style={{ alignSelf: "flex-start" }}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...pairs, newPair()])}
        >
          {add}
        </Button>
      </Stack>
    </Fieldset>
  );
}
