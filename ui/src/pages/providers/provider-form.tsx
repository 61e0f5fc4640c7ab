// The form of a provider: what nearly everybody needs on top, the rest folded; tested before it is saved.
import { Alert, Button, Collapse, Group, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";
import type { components } from "@/api/schema";
import { duration } from "@/format/figures";
import { ProblemNote } from "@/parts/problem";
import { parts } from "@/texts/en/parts";
import { providers as words } from "@/texts/en/providers";
import { AdvancedFields } from "./advanced-fields";
import { type FormValues, isTemplate } from "./form-values";
import { KeyFields } from "./key-fields";

type Trial = components["schemas"]["Trial"];

interface Props {
  start: FormValues;
  usualUrl: string;
  needsKey: boolean;
  isNew: boolean;
  onTry: (values: FormValues) => Promise<Trial>;
  onSave: (values: FormValues) => Promise<unknown>;
  onCancel: () => void;
}

export function ProviderForm({ start, usualUrl, needsKey, isNew, onTry, onSave, onCancel }: Props) {
  const [values, setValues] = useState(start);
  const [trial, setTrial] = useState<Trial | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState<"" | "test" | "save">("");
  const [unfolded, fold] = useDisclosure(false);
  const change = (part: Partial<FormValues>) => {
    setValues({ ...values, ...part });
    setTrial(null);
  };
  const run = async (what: "test" | "save") => {
    setBusy(what);
    setError(null);
    try {
      if (what === "test") setTrial(await onTry(values));
      else await onSave(values);
    } catch (cause) {
      setTrial(null);
      setError(cause);
    } finally {
      setBusy("");
    }
  };
  const isUnfilled = isTemplate(values.baseUrl) && !values.isLocked;
  const incomplete = values.name.trim() === "" || isUnfilled || (values.baseUrl.trim() === "" && !values.isLocked);
  const isTried = trial?.ok === true;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!incomplete) void run(isTried ? "save" : "test");
      }}
    >
      <Stack gap={16}>
        {isNew ? (
          <TextInput
            required
            label={words.form.name}
            description={words.form.nameHint}
            value={values.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
        ) : null}
        <BaseUrl values={values} usualUrl={usualUrl} isNew={isNew} isUnfilled={isUnfilled} onChange={change} />
        <KeyFields keys={values.keys} required={needsKey} onChange={(keys) => change({ keys })} />
        {isNew ? (
          <Switch
            label={words.form.enabled}
            checked={values.enabled}
            onChange={(event) => change({ enabled: event.currentTarget.checked })}
          />
        ) : null}
        <Textarea
          label={words.form.comment}
          autosize
          maxRows={4}
          value={values.comment}
          onChange={(event) => change({ comment: event.currentTarget.value })}
        />
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          style={{ alignSelf: "flex-start" }}
          aria-expanded={unfolded}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          onClick={fold.toggle}
        >
          {words.form.advanced}
        </Button>
        <Collapse expanded={unfolded}>
          <AdvancedFields values={values} onChange={change} />
        </Collapse>
        {error === null ? null : <ProblemNote error={error} />}
        <div role="status">{trial === null ? null : <TrialNote trial={trial} />}</div>
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onCancel}>
            {parts.cancel}
          </Button>
          <Button
            type={isTried ? "button" : "submit"}
            variant={isTried ? "default" : "filled"}
            loading={busy === "test"}
            disabled={incomplete}
            {...(isTried ? { onClick: () => void run("test") } : {})}
          >
            {words.form.test}
          </Button>
          <Button
            type={isTried ? "submit" : "button"}
            variant={isTried ? "filled" : "default"}
            loading={busy === "save"}
            disabled={incomplete}
            {...(isTried ? {} : { onClick: () => void run("save") })}
          >
            {isTried ? words.form.save : words.form.saveAnyway}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface BaseUrlProps {
  values: FormValues;
  usualUrl: string;
  isNew: boolean;
  isUnfilled: boolean;
  onChange: (part: Partial<FormValues>) => void;
}

function BaseUrl({ values, usualUrl, isNew, isUnfilled, onChange }: BaseUrlProps) {
  const lockedHint = isNew ? words.form.baseUrlUsual : words.form.baseUrlKept;
  const canLock = usualUrl !== "" && !isTemplate(usualUrl);
  return (
    <TextInput
      label={words.form.baseUrl}
      description={isTemplate(usualUrl) ? words.form.baseUrlTemplate : values.isLocked ? lockedHint : ""}
      type="url"
      value={values.baseUrl}
      readOnly={values.isLocked}
      required={!values.isLocked}
      error={isUnfilled && values.baseUrl !== usualUrl ? words.form.unfilled : null}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", opacity: values.isLocked ? 0.75 : 1 } }}
      rightSectionWidth={170}
      rightSection={
        canLock ? (
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => onChange({ isLocked: !values.isLocked, baseUrl: usualUrl })}
          >
            {values.isLocked ? words.form.unlock : words.form.lock}
          </Button>
        ) : null
      }
      onChange={(event) => onChange({ baseUrl: event.currentTarget.value })}
    />
  );
}

function TrialNote({ trial }: { trial: Trial }) {
  const took = duration(trial.response_ms ?? 0);
  if (!trial.ok) {
    return (
      <Alert color="red" icon={<IconCircleX size={18} />} title={words.form.fails(took)}>
        {trial.error}
      </Alert>
    );
  }
  const title = trial.model_count > 0 ? words.form.works(trial.model_count, took) : words.form.worksWithoutList(took);
  return (
    <Alert variant="default" icon={<IconCircleCheck size={18} color="var(--ok)" />} title={title}>
      <Text size="xs" lineClamp={3} className="mono">
        {trial.models.join(", ")}
      </Text>
    </Alert>
  );
}
