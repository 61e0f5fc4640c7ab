// What changes a setting, by its kind. Switches and choices count at once; what is typed counts when it is saved.
import { Button, Group, NativeSelect, Switch, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { later } from "@/parts/later";
import { NumberField } from "@/parts/number-field";
import { parts } from "@/texts/en/parts";
import { settings as words } from "@/texts/en/settings";
import { type Setting, type Value, valueText } from "./setting";
import classes from "./settings.module.css";

const ListForm = later(() => import("./list-form").then((module) => module.ListForm));

interface Props {
  setting: Setting;
  onSave: (value: Value) => Promise<void>;
}

export function SettingControl({ setting, onSave }: Props) {
  const label = { "aria-label": setting.name, "aria-describedby": `about-${setting.name}` };
  switch (setting.kind) {
    case "flag":
      return (
        <Switch
          {...label}
          checked={setting.value === true}
          onChange={(event) => void onSave(event.currentTarget.checked)}
        />
      );
    case "choice":
      return (
        <NativeSelect
          {...label}
          w={180}
          data={setting.choices}
          value={String(setting.value)}
          onChange={(event) => void onSave(event.currentTarget.value)}
        />
      );
    case "texts":
    case "wholes":
      return <List setting={setting} onSave={onSave} />;
    default:
      return <Typed setting={setting} onSave={onSave} label={label} />;
  }
}

// A list is read more often than changed: the field for it comes when it is wanted.
function List({ setting, onSave }: Props) {
  const [changing, setChanging] = useState(false);
  if (changing) return <ListForm setting={setting} onSave={onSave} onClose={() => setChanging(false)} />;
  return (
    <Group gap={8} justify="flex-end">
      <Text size="sm" ta="right" className={classes.list}>
        {valueText(setting, setting.value)}
      </Text>
      <Button variant="default" size="xs" aria-label={words.changeOf(setting.name)} onClick={() => setChanging(true)}>
        {words.change}
      </Button>
    </Group>
  );
}

function Typed({ setting, onSave, label }: Props & { label: Record<string, string> }) {
  const [draft, setDraft] = useState(setting.value as Value);
  const [busy, setBusy] = useState(false);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(setting.value);
  const save = async () => {
    setBusy(true);
    await onSave(draft);
    setBusy(false);
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged) void save();
      }}
    >
      <Group gap={8} justify="flex-end">
        {field(setting, draft, setDraft, label)}
        {isChanged ? (
          <>
            <Button type="submit" size="xs" loading={busy}>
              {parts.save}
            </Button>
            <Button variant="default" size="xs" onClick={() => setDraft(setting.value as Value)}>
              {parts.cancel}
            </Button>
          </>
        ) : null}
      </Group>
    </form>
  );
}

function field(
  setting: Setting,
  draft: Value,
  change: (value: Value) => void,
  label: Record<string, string>,
): ReactNode {
  const { kind, least, most } = setting;
  if (kind === "whole" || kind === "seconds") {
    const unit = words.units[setting.unit];
    return (
      <NumberField
        {...label}
        w={160}
        value={draft as number}
        step={kind === "seconds" ? "any" : 1}
        min={least ?? 0}
        {...(most === null ? {} : { max: most })}
        {...(unit ? { unit } : {})}
        onChange={(value) => change(value ?? 0)}
      />
    );
  }
  return <TextInput {...label} w={240} value={String(draft)} onChange={(event) => change(event.currentTarget.value)} />;
}
