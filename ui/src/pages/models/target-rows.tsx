// The targets of an alias: each with its profile, in the order in which they are tried, with weights where they count.
import { ActionIcon, Autocomplete, Button, Group, Input, NumberInput, Stack } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { aliases } from "@/texts/en/aliases";
import { moved, type TargetDraft, withTarget } from "./alias-draft";
import { ChooseModel } from "./choose-model";

const words = aliases.form;
const WEIGHED = ["weighted", "least_busy", "fastest"];

interface Props {
  targets: TargetDraft[];
  selection: string;
  profiles: string[];
  onChange: (targets: TargetDraft[]) => void;
}

export function TargetRows({ targets, selection, profiles, onChange }: Props) {
  const change = (row: number, changes: Partial<TargetDraft>) =>
    onChange(targets.map((one) => (one.row === row ? { ...one, ...changes } : one)));
  return (
    <Input.Wrapper label={words.targets} description={words.targetsHint} labelElement="div">
      <Stack gap={8} mt={6}>
        {targets.map((one, index) => (
          <Group key={one.row} gap={6} wrap="nowrap">
            <ChooseModel
              flex="1 1 200px"
              miw={0}
              aria-label={words.target(index + 1)}
              placeholder={words.targetHolder}
              required
              value={one.target}
              onChange={(target) => change(one.row, { target })}
            />
            <Autocomplete
              w={104}
              aria-label={words.profile(index + 1)}
              data={profiles}
              value={one.profile}
              onChange={(profile) => change(one.row, { profile })}
            />
            {WEIGHED.includes(selection) ? (
              <NumberInput
                w={64}
                aria-label={words.weight(index + 1)}
                min={1}
                allowDecimal={false}
                value={one.weight}
                onChange={(weight) => change(one.row, { weight: typeof weight === "number" ? weight : 1 })}
              />
            ) : null}
            <Moves index={index} targets={targets} onChange={onChange} />
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange(withTarget(targets))}
          style={{ alignSelf: "flex-start" }}
        >
          {words.addTarget}
        </Button>
      </Stack>
    </Input.Wrapper>
  );
}

function Moves({ index, targets, onChange }: { index: number } & Pick<Props, "targets" | "onChange">) {
  const last = targets.length - 1;
  const buttons = [
    { name: words.up(index + 1), icon: IconArrowUp, off: index === 0, to: () => moved(targets, index, -1) },
    { name: words.down(index + 1), icon: IconArrowDown, off: index === last, to: () => moved(targets, index, 1) },
    { name: words.removeTarget(index + 1), icon: IconTrash, off: last === 0, to: () => targets.toSpliced(index, 1) },
  ];
  return (
    <Group gap={0} wrap="nowrap">
      {buttons.map(({ name, icon: Picture, off, to }) => (
        <ActionIcon
          key={name}
          variant="subtle"
          color="gray"
          bg="transparent"
          disabled={off}
          aria-label={name}
          onClick={() => onChange(to())}
        >
          <Picture size={16} aria-hidden />
        </ActionIcon>
      ))}
    </Group>
  );
}
