// Adding a provider: first which vendor, then the form. The vendor is in the address (`add=groq`).
import {
  Anchor,
  Badge,
  Group,
  Modal,
  ScrollArea,
  Skeleton,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { IconArrowLeft, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { tellDone } from "@/parts/done";
import { ProblemNote } from "@/parts/problem";
import { parts } from "@/texts/en/parts";
import { providers as words } from "@/texts/en/providers";
import { bodyOfNew, type FormValues, valuesOfPreset } from "./form-values";
import type { Preset } from "./provider";
import { ProviderForm } from "./provider-form";
import classes from "./providers.module.css";

interface Props {
  preset: string;
  onPreset: (preset: string) => void;
  onClose: () => void;
}

// What stands in the address before a vendor is chosen.
const NONE = "yes";
// A server of one's own, which may want no key.
const ANY_SERVER = "openai-compatible";

export function AddDialog({ preset, onPreset, onClose }: Props) {
  const presets = useQuery({
    queryKey: ["providers", "presets"],
    queryFn: async () => (await told(api.GET("/api/v1/provider-presets"))).data,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const chosen = presets.data?.find((one) => one.name === preset);
  const title = chosen ? words.form.addTitle(chosen.display_name) : words.preset.title;
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": parts.close }} title={title} size={640}>
      {presets.error ? <ProblemNote error={presets.error} onRetry={() => void presets.refetch()} /> : null}
      {presets.data === undefined ? (
        <Skeleton h={320} />
      ) : chosen ? (
        <NewProvider key={chosen.name} preset={chosen} onBack={() => onPreset(NONE)} onClose={onClose} />
      ) : (
        <Vendors presets={presets.data} onChoose={onPreset} />
      )}
    </Modal>
  );
}

function Vendors({ presets, onChoose }: { presets: readonly Preset[]; onChoose: (name: string) => void }) {
  const [typed, setTyped] = useState("");
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  const word = typed.trim().toLowerCase();
  const found = presets.filter((one) => `${one.name} ${one.display_name}`.toLowerCase().includes(word));
  return (
    <Stack gap={12}>
      <TextInput
        ref={box}
        type="search"
        aria-label={words.preset.search}
        placeholder={words.preset.search}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {found.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.preset.nothing}
        </Text>
      ) : null}
      <ScrollArea.Autosize mah={420} type="auto">
        <div className={classes.vendors}>
          {found.map((one) => (
            <UnstyledButton key={one.name} className={classes.vendor} onClick={() => onChoose(one.name)}>
              <Text size="sm" fw={600} component="span" display="block">
                {one.display_name}
              </Text>
              <Text size="xs" c="dimmed" component="span" display="block" truncate>
                {one.base_url || one.name}
              </Text>
              <Marks preset={one} />
            </UnstyledButton>
          ))}
        </div>
      </ScrollArea.Autosize>
    </Stack>
  );
}

function Marks({ preset }: { preset: Preset }) {
  const marks = [
    preset.free_tier ? words.preset.free : "",
    preset.trial_credits ? words.preset.trial : "",
    preset.local ? words.preset.local : "",
    preset.public_free ? words.preset.publicFree : "",
  ].filter(Boolean);
  if (marks.length === 0) return null;
  return (
    <Group gap={4} mt={4} component="span">
      {marks.map((mark) => (
        <Badge key={mark} size="xs" variant="light" tt="none" component="span">
          {mark}
        </Badge>
      ))}
    </Group>
  );
}

function NewProvider({ preset, onBack, onClose }: { preset: Preset; onBack: () => void; onClose: () => void }) {
  const save = async (values: FormValues) => {
    const made = await told(api.POST("/api/v1/providers", { body: bodyOfNew(values) }));
    await stale("providers", "models");
    tellDone(words.form.added(made.name));
    onClose();
  };
  return (
    <Stack gap={16}>
      <Group gap={16}>
        <Anchor component="button" type="button" size="sm" onClick={onBack}>
          <Group gap={4} component="span">
            <IconArrowLeft size={14} aria-hidden />
            {words.preset.back}
          </Group>
        </Anchor>
        {preset.docs_url ? (
          <Anchor href={preset.docs_url} target="_blank" rel="noreferrer" size="sm">
            {words.form.docs}
          </Anchor>
        ) : null}
      </Group>
      {preset.note ? (
        <Text size="xs" c="dimmed">
          {preset.note}
        </Text>
      ) : null}
      <ProviderForm
        start={valuesOfPreset(preset)}
        usualUrl={preset.base_url}
        needsKey={preset.needs_key && preset.name !== ANY_SERVER}
        isNew
        onTry={(values) => told(api.POST("/api/v1/providers/test", { body: bodyOfNew(values) }))}
        onSave={save}
        onCancel={onClose}
      />
    </Stack>
  );
}
