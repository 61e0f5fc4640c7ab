// What the operator says a model costs, before whatever was gathered: set, changed, removed.
import { Button, Group, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/session";
import type { Tagged } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { tellOf } from "@/parts/problem";
import { models } from "@/texts/en/models";
import { FormDialog } from "../access/form-dialog";
import type { Model } from "./model";
import {
  draftOf,
  hasSteps,
  type OwnPrice as Own,
  type PriceDraft,
  readOwn,
  removePrice,
  setPrice,
} from "./price-draft";

const words = models.price;

export function OwnPrice({ model }: { model: Model }) {
  const mayWrite = useMay("prices.write");
  const [writing, setWriting] = useState(false);
  const asked = useQuery({
    queryKey: ["prices", "own", model.id],
    queryFn: () => readOwn(model.provider, model.model),
  });
  const own = asked.data ?? null;
  if (own?.value.origin === "file") {
    return (
      <Text size="xs" c="dimmed">
        {words.file(own.value.dated)}
      </Text>
    );
  }
  if (!mayWrite || asked.data === undefined) return null;
  const remove = async () => {
    const before = own?.value ?? null;
    if (own === null) return;
    await removePrice(model.provider, model.model, own.etag);
    const again = () =>
      setPrice(model.provider, model.model, draftOf(before, null, null), { value: own.value, etag: "" });
    tellDone(words.removed(model.id), again);
  };
  return (
    <Group gap={4}>
      <Button variant="subtle" size="compact-sm" onClick={() => setWriting(true)}>
        {own ? words.change : words.set}
      </Button>
      {own ? (
        <Button variant="subtle" color="red" size="compact-sm" onClick={() => void remove().catch(tellOf)}>
          {words.remove}
        </Button>
      ) : null}
      {writing ? (
        <PriceForm
          key={own?.etag ?? ""}
          model={model}
          own={own}
          onReload={() => void asked.refetch()}
          onClose={() => setWriting(false)}
        />
      ) : null}
    </Group>
  );
}

interface FormProps {
  model: Model;
  own: Tagged<Own> | null;
  onReload: () => void;
  onClose: () => void;
}

function PriceForm({ model, own, onReload, onClose }: FormProps) {
  const [draft, setDraft] = useState(() => draftOf(own?.value ?? null, model.input_per_1m, model.output_per_1m));
  const save = async () => {
    await setPrice(model.provider, model.model, draft, own);
    tellDone(words.saved(model.id));
  };
  const amount = (name: keyof PriceDraft, label: string, usual?: string) => (
    <TextInput
      label={label}
      required={usual === undefined}
      {...(usual === undefined ? {} : { placeholder: usual })}
      leftSection={<span aria-hidden>$</span>}
      inputMode="decimal"
      pattern="\d+([.]\d+)?"
      autoComplete="off"
      value={draft[name]}
      onChange={(event) => setDraft({ ...draft, [name]: event.currentTarget.value.trim() })}
    />
  );
  return (
    <FormDialog title={words.title(model.id)} verb={words.save} onClose={onClose} onSubmit={save} onReload={onReload}>
      <Text size="sm" c="dimmed">
        {words.about}
      </Text>
      <SimpleGrid cols={2} spacing={12}>
        {amount("input", words.input)}
        {amount("output", words.output)}
        {amount("cached", words.cached, words.same)}
        {amount("write", words.write, words.same)}
        {amount("request", words.request, words.none)}
      </SimpleGrid>
      <TextInput
        label={words.comment}
        value={draft.comment}
        onChange={(event) => setDraft({ ...draft, comment: event.currentTarget.value })}
      />
      {own && hasSteps(own.value) ? (
        <Text size="xs" c="dimmed">
          {words.keeps}
        </Text>
      ) : null}
    </FormDialog>
  );
}
