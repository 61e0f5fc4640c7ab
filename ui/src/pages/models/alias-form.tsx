// Making an alias, or changing one that is there.
import { Button, Collapse, Select, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useState } from "react";
import { useReach } from "@/api/session";
import type { Tagged } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { aliases } from "@/texts/en/aliases";
import { FormDialog } from "../access/form-dialog";
import { type Alias, changeAlias, createAlias, GLOBAL, type Selection } from "./alias";
import { type AliasDraft, bodyOf, draftOf, NEW_ALIAS } from "./alias-draft";
import { ChooseModel } from "./choose-model";
import { ConductFields } from "./conduct-fields";
import { LightModel } from "./light-model";
import { ScopeFields, useOwnScopes } from "./scope-fields";
import { TargetRows } from "./target-rows";

const words = aliases.form;

export function CreateAlias({ profiles, onClose, onMade }: Shared & { onMade: (made: Alias) => void }) {
  const reach = useReach("aliases.write");
  const own = useOwnScopes();
  const [name, setName] = useState("");
  const [scope, setScope] = useState(reach === "all" ? GLOBAL : (own[0] ?? ""));
  const [draft, setDraft] = useState<AliasDraft>(NEW_ALIAS);
  const make = async () => {
    const made = await createAlias({ name, scope, ...bodyOf(draft) });
    tellDone(words.created(made.name));
    onMade(made);
  };
  return (
    <FormDialog title={words.createTitle} verb={aliases.create} size="lg" onClose={onClose} onSubmit={make}>
      <TextInput
        label={words.name}
        description={words.nameHint}
        required
        data-autofocus
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <ScopeFields scope={scope} onChange={setScope} />
      <Fields draft={draft} profiles={profiles} onChange={setDraft} />
    </FormDialog>
  );
}

interface Shared {
  profiles: string[];
  onClose: () => void;
}

export function EditAlias({
  seen,
  profiles,
  onClose,
  onReload,
}: Shared & { seen: Tagged<Alias>; onReload: () => void }) {
  const { value: alias, etag } = seen;
  const [draft, setDraft] = useState<AliasDraft>(() => draftOf(alias));
  const save = async () => {
    await changeAlias(alias, etag, bodyOf(draft));
    tellDone(words.saved(alias.name));
  };
  return (
    <FormDialog
      title={words.editTitle(alias.name)}
      verb={words.verb}
      size="lg"
      onClose={onClose}
      onSubmit={save}
      onReload={onReload}
    >
      <Fields draft={draft} profiles={profiles} onChange={setDraft} />
    </FormDialog>
  );
}

interface FieldsProps {
  draft: AliasDraft;
  profiles: string[];
  onChange: (draft: AliasDraft) => void;
}

function Fields({ draft, profiles, onChange }: FieldsProps) {
  const [opened, conduct] = useDisclosure(false);
  const change = (changes: Partial<AliasDraft>) => onChange({ ...draft, ...changes });
  const Arrow = opened ? IconChevronUp : IconChevronDown;
  return (
    <>
      <TargetRows
        targets={draft.targets}
        selection={draft.selection}
        profiles={profiles}
        onChange={(targets) => change({ targets })}
      />
      <Select
        label={words.selection}
        description={aliases.selectionHints[draft.selection as Selection]}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={Object.entries(aliases.selections).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        value={draft.selection}
        onChange={(selection) => selection !== null && change({ selection })}
      />
      <ChooseModel
        label={words.fallback}
        description={words.fallbackHint}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder={words.targetHolder}
        value={draft.fallback}
        onChange={(fallback) => change({ fallback })}
      />
      <LightModel draft={draft} onChange={change} />
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-expanded={opened}
          rightSection={<Arrow size={14} aria-hidden />}
          onClick={conduct.toggle}
        >
          {words.conduct}
        </Button>
        <Collapse expanded={opened}>
          <ConductFields draft={draft} onChange={change} />
        </Collapse>
      </div>
      <TextInput
        label={words.comment}
        value={draft.comment}
        onChange={(event) => change({ comment: event.currentTarget.value })}
      />
    </>
  );
}
