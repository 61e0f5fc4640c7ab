// What few providers need: headers, names sent instead, which models, time limits, quota probe, the key for its bills.
import {
  Fieldset,
  NumberInput,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { providers as words } from "@/texts/en/providers";
import { type FormValues, PHASES, type Phase } from "./form-values";
import { PairFields } from "./pair-fields";
import classes from "./providers.module.css";

interface Props {
  values: FormValues;
  onChange: (part: Partial<FormValues>) => void;
}

const HANG_UPS = Object.entries(words.form.hangUps).map(([value, label]) => ({ value, label }));

export function AdvancedFields({ values, onChange }: Props) {
  return (
    <Stack gap={16}>
      <PairFields
        legend={words.form.headers}
        names={[words.form.headerName, words.form.headerValue]}
        add={words.form.addHeader}
        secret
        pairs={values.headers}
        onChange={(headers) => onChange({ headers })}
      />
      <PairFields
        legend={words.form.mapping}
        names={[words.form.mappingFrom, words.form.mappingTo]}
        add={words.form.addMapping}
        pairs={values.mapping}
        onChange={(mapping) => onChange({ mapping })}
      />
      <TagsInput
        label={words.form.allowed}
        description={words.form.allowedHint}
        value={values.allowed}
        onChange={(allowed) => onChange({ allowed })}
      />
      <TagsInput
        label={words.form.models}
        description={words.form.modelsHint}
        value={values.models}
        onChange={(models) => onChange({ models })}
      />
      <TagsInput
        label={words.form.operations}
        description={words.form.operationsHint}
        value={values.operations}
        onChange={(operations) => onChange({ operations })}
      />
      <TimeLimits values={values} onChange={onChange} />
      <Select
        label={words.form.hangUp}
        data={HANG_UPS}
        allowDeselect={false}
        value={values.hangUp}
        onChange={(hangUp) => onChange({ hangUp: hangUp === "drain" ? "drain" : "cancel" })}
      />
      <Switch
        label={words.form.probe}
        checked={values.probe}
        onChange={(event) => onChange({ probe: event.currentTarget.checked })}
      />
      {values.probe ? (
        <TextInput
          label={words.form.probeModel}
          value={values.probeModel}
          onChange={(event) => onChange({ probeModel: event.currentTarget.value })}
        />
      ) : null}
      <PasswordInput
        label={words.form.reportKey}
        autoComplete="off"
        value={values.reportKey}
        onChange={(event) => onChange({ reportKey: event.currentTarget.value })}
      />
    </Stack>
  );
}

function TimeLimits({ values, onChange }: Props) {
  const set = (phase: Phase, value: string | number) => {
    const { [phase]: _, ...others } = values.timeouts;
    onChange({ timeouts: typeof value === "number" ? { ...others, [phase]: value } : others });
  };
  return (
    <Fieldset legend={words.form.timeouts} variant="unstyled" classNames={{ legend: classes.legend }}>
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing={8}>
        {PHASES.map((phase) => (
          <NumberInput
            key={phase}
            size="sm"
            label={words.form.timeoutNames[phase]}
            min={0}
            value={values.timeouts[phase] ?? ""}
            onChange={(value) => set(phase, value)}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
