// Changing a key that is there. Whoever was quicker is not overwritten: the server compares what was seen.
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { ifMatch, type Tagged } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { access } from "@/texts/en/access";
import { FormFrame } from "./form-dialog";
import { changesOf, type KeyRights, rightsOf, type ShownKey } from "./key-draft";
import { PrivilegeFields, RightsFields } from "./key-fields";

interface Props {
  shown: Tagged<ShownKey>;
  onReload: () => void;
  onClose: () => void;
}

export function EditKey({ shown, onReload, onClose }: Props) {
  const [rights, setRights] = useState<KeyRights>(() => rightsOf(shown.value));
  const change = (changes: Partial<KeyRights>) => setRights((before) => ({ ...before, ...changes }));
  const save = async () => {
    const params = { path: { name_or_id: shown.value.id }, header: ifMatch(shown.etag) };
    await told(api.PATCH("/api/v1/keys/{name_or_id}", { params, body: changesOf(shown.value, rights) }));
    void stale("keys");
    tellDone(access.form.saved(shown.value.name));
  };
  return (
    <FormFrame verb={access.form.save} onClose={onClose} onSubmit={save} onReload={onReload}>
      <RightsFields rights={rights} onChange={change} />
      <PrivilegeFields rights={rights} onChange={change} />
    </FormFrame>
  );
}
