// A person as they are made and changed.
import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useReach } from "@/api/session";
import type { Tagged } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { access } from "@/texts/en/access";
import { FormDialog, FormFrame } from "./form-dialog";
import { changePerson, type Person, type PersonRole } from "./people";

const words = access.people;
const ROLES = Object.keys(words.roles).reverse() as PersonRole[];

interface Draft {
  name: string;
  email: string;
  role: PersonRole;
  comment: string;
}

export function CreatePerson({ onClose, onMade }: { onClose: () => void; onMade: (person: Person) => void }) {
  const [draft, setDraft] = useState<Draft>({ name: "", email: "", role: "member", comment: "" });
  const make = async () => {
    const body = { ...draft, email: draft.email.trim() || null };
    const made = await told(api.POST("/api/v1/users", { body }));
    void stale("users");
    onMade(made);
  };
  return (
    <FormDialog
      title={words.createTitle}
      verb={words.create}
      disabled={draft.name.trim() === ""}
      onClose={onClose}
      onSubmit={make}
    >
      <TextInput
        label={words.name}
        value={draft.name}
        required
        data-autofocus
        autoComplete="off"
        onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
      />
      <PersonFields draft={draft} onChange={(changes) => setDraft({ ...draft, ...changes })} />
    </FormDialog>
  );
}

interface EditProps {
  shown: Tagged<Person>;
  onReload: () => void;
  onClose: () => void;
}

export function EditPerson({ shown, onReload, onClose }: EditProps) {
  const { id, name, email, role, comment } = shown.value;
  const [draft, setDraft] = useState<Draft>({ name, email: email ?? "", role, comment });
  const save = async () => {
    // The role is only said where it changes: not everybody may say it.
    const said = draft.role === role ? {} : { role: draft.role };
    await changePerson(id, { email: draft.email.trim(), comment: draft.comment, ...said }, shown.etag);
    tellDone(words.saved(name));
  };
  return (
    <FormFrame verb={access.form.save} onClose={onClose} onSubmit={save} onReload={onReload}>
      <PersonFields draft={draft} onChange={(changes) => setDraft({ ...draft, ...changes })} />
    </FormFrame>
  );
}

function PersonFields({ draft, onChange }: { draft: Draft; onChange: (changes: Partial<Draft>) => void }) {
  const mayOwn = useReach("owners.write") !== "-";
  const roles = ROLES.filter((role) => mayOwn || role !== "owner");
  return (
    <>
      <TextInput
        type="email"
        label={words.email}
        value={draft.email}
        onChange={(event) => onChange({ email: event.currentTarget.value })}
      />
      <NativeSelect
        label={words.role}
        value={draft.role}
        onChange={(event) => onChange({ role: event.currentTarget.value as PersonRole })}
        data={roles.map((value) => ({ value, label: `${words.roles[value]}: ${words.roleHints[value]}` }))}
      />
      <TextInput
        label={words.comment}
        value={draft.comment}
        onChange={(event) => onChange({ comment: event.currentTarget.value })}
      />
    </>
  );
}
