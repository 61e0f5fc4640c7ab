// A team as it is made and changed, and the giving back of what it used.
import { Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { Tagged } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { access } from "@/texts/en/access";
import { ListField } from "./fields";
import { FormDialog, FormFrame } from "./form-dialog";
import { changeTeam, type Team } from "./people";

const words = access.teams;

interface Draft {
  models: string[];
  comment: string;
}

export function CreateTeam({ onClose, onMade }: { onClose: () => void; onMade: (team: Team) => void }) {
  const [name, setName] = useState("");
  const [draft, setDraft] = useState<Draft>({ models: [], comment: "" });
  const make = async () => {
    const body = { name: name.trim(), comment: draft.comment, allowed_models: draft.models };
    const made = await told(api.POST("/api/v1/teams", { body }));
    void stale("teams");
    onMade(made);
  };
  return (
    <FormDialog
      title={words.createTitle}
      verb={words.create}
      disabled={name.trim() === ""}
      onClose={onClose}
      onSubmit={make}
    >
      <TextInput
        label={words.name}
        value={name}
        required
        data-autofocus
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TeamFields draft={draft} onChange={setDraft} />
    </FormDialog>
  );
}

interface EditProps {
  shown: Tagged<Team>;
  onReload: () => void;
  onClose: () => void;
}

export function EditTeam({ shown, onReload, onClose }: EditProps) {
  const { id, name, comment, allowed_models } = shown.value;
  const [draft, setDraft] = useState<Draft>({ models: allowed_models, comment });
  const save = async () => {
    await changeTeam(id, { comment: draft.comment, allowed_models: draft.models }, shown.etag);
    tellDone(words.saved(name));
  };
  return (
    <FormFrame verb={access.form.save} onClose={onClose} onSubmit={save} onReload={onReload}>
      <TeamFields draft={draft} onChange={setDraft} />
    </FormFrame>
  );
}

function TeamFields({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  return (
    <>
      <ListField
        label={words.models}
        hint={words.modelsHint}
        value={draft.models}
        onChange={(models) => onChange({ ...draft, models })}
      />
      <TextInput
        label={words.comment}
        value={draft.comment}
        onChange={(event) => onChange({ ...draft, comment: event.currentTarget.value })}
      />
    </>
  );
}

export function ResetTeam({ name, onClose }: { name: string; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const reset = async () => {
    const params = { path: { name_or_id: name } };
    const { data } = await told(api.POST("/api/v1/teams/{name_or_id}/reset", { params, body: { reason } }));
    void stale("limits", "quota", "teams");
    tellDone(words.resetDone(data.length));
  };
  return (
    <FormDialog title={words.resetTitle(name)} verb={words.resetVerb} onClose={onClose} onSubmit={reset}>
      <Text size="sm">{words.resetAbout}</Text>
      <TextInput
        label={words.reason}
        value={reason}
        data-autofocus
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
