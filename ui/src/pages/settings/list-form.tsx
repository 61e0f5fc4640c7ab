// What changes a setting that is a list of words or of whole numbers.
import { Button, Group, TagsInput } from "@mantine/core";
import { useState } from "react";
import { parts } from "@/texts/en/parts";
import { settings as words } from "@/texts/en/settings";
import type { Setting, Value } from "./setting";

interface Props {
  setting: Setting;
  onSave: (value: Value) => Promise<void>;
  onClose: () => void;
}

export function ListForm({ setting, onSave, onClose }: Props) {
  const [draft, setDraft] = useState((setting.value as (string | number)[]).map(String));
  const [busy, setBusy] = useState(false);
  const isWhole = setting.kind === "wholes";
  const save = async () => {
    setBusy(true);
    await onSave(isWhole ? draft.map(Number).filter(Number.isInteger) : draft);
    setBusy(false);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Group gap={8} justify="flex-end">
        <TagsInput
          aria-label={setting.name}
          aria-describedby={`about-${setting.name}`}
          autoFocus
          w={300}
          value={draft}
          {...(setting.choices.length > 0 ? { data: setting.choices } : {})}
          placeholder={isWhole ? words.wholesHint : ""}
          onChange={setDraft}
        />
        <Button type="submit" size="xs" loading={busy}>
          {parts.save}
        </Button>
        <Button variant="default" size="xs" onClick={onClose}>
          {parts.cancel}
        </Button>
      </Group>
    </form>
  );
}
