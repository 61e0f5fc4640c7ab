// Making a sign-up code: where it leads, what whoever uses it gets, and how often it works.
import { Group, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { access } from "@/texts/en/access";
import { type Expiry, endOf } from "./expiry";
import { ChooseTeam, ListField } from "./fields";
import { FormDialog } from "./form-dialog";
import type { Told } from "./link-dialog";

const words = access.codes;
const OFFERED: Expiry[] = ["1d", "7d", "1mo", "3mo", "never", "custom"];

export function CreateCode({ onClose, onMade }: { onClose: () => void; onMade: (shown: Told) => void }) {
  const [code, setCode] = useState("");
  const [team, setTeam] = useState("");
  const [quota, setQuota] = useState<number | "">("");
  const [uses, setUses] = useState<number | "">("");
  const [models, setModels] = useState<string[]>([]);
  const [expiry, setExpiry] = useState<Expiry>("7d");
  const [custom, setCustom] = useState("");
  const [comment, setComment] = useState("");
  const make = async () => {
    const body = {
      code: code || null,
      team,
      quota_tokens: quota === "" ? null : quota,
      max_uses: uses === "" ? null : uses,
      allowed_models: models,
      expires_at: endOf(expiry, custom),
      comment,
    };
    const made = await told(api.POST("/api/v1/access-codes", { body }));
    void stale("users");
    onMade({ title: words.shownTitle, label: words.hint, hint: words.shownHint, text: made.code });
  };
  return (
    <FormDialog title={words.createTitle} verb={words.create} onClose={onClose} onSubmit={make}>
      <ChooseTeam label={words.team} placeholder={access.form.noTeam} value={team} onChange={setTeam} />
      <Group grow gap={12} align="flex-start">
        <NumberInput
          label={words.maxUses}
          placeholder={words.unlimited}
          min={1}
          allowDecimal={false}
          hideControls
          value={uses}
          onChange={(value) => setUses(typeof value === "number" ? value : "")}
        />
        <NumberInput
          label={words.quota}
          placeholder={words.unlimited}
          min={0}
          allowDecimal={false}
          hideControls
          thousandSeparator=","
          value={quota}
          onChange={(value) => setQuota(typeof value === "number" ? value : "")}
        />
      </Group>
      <Group grow gap={12} align="flex-end">
        <NativeSelect
          label={words.expires}
          value={expiry}
          onChange={(event) => setExpiry(event.currentTarget.value as Expiry)}
          data={OFFERED.map((value) => ({ value, label: access.form.expiry[value] }))}
        />
        {expiry === "custom" ? (
          <TextInput
            type="datetime-local"
            label={access.form.expiresAt}
            required
            value={custom}
            onChange={(event) => setCustom(event.currentTarget.value)}
          />
        ) : null}
      </Group>
      <ListField label={words.models} hint={access.form.modelsHint} value={models} onChange={setModels} />
      <TextInput
        label={words.ownCode}
        description={words.ownCodeHint}
        value={code}
        autoComplete="off"
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <TextInput label={words.comment} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
    </FormDialog>
  );
}
