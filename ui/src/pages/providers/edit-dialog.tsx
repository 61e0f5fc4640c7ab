// Changing a provider: as it is now, with its mark, so that two people who change it at once notice.
import { Button, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { ifMatch, isConflict, tagged } from "@/api/tagged";
import { tellDone } from "@/parts/done";
import { ProblemNote } from "@/parts/problem";
import { parts } from "@/texts/en/parts";
import { providers as words } from "@/texts/en/providers";
import { bodyOfChange, type FormValues, valuesOfProvider } from "./form-values";
import type { Provider } from "./provider";
import { ProviderForm } from "./provider-form";

export function EditDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const asked = useQuery({
    queryKey: ["providers", "edit", name],
    queryFn: () => tagged(api.GET("/api/v1/providers/{name}", { params: { path: { name } } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const [conflict, setConflict] = useState(false);
  const reload = async () => {
    await asked.refetch();
    setConflict(false);
  };
  const save = async (provider: Provider, etag: string, values: FormValues) => {
    const params = { path: { name }, header: ifMatch(etag) };
    try {
      await told(api.PATCH("/api/v1/providers/{name}", { params, body: bodyOfChange(provider, values) }));
    } catch (error) {
      setConflict(isConflict(error));
      throw error;
    }
    await stale("providers", "models");
    tellDone(words.form.changed(name));
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": parts.close }}
      title={words.form.editTitle(name)}
      size={640}
    >
      {asked.error ? <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} /> : null}
      {conflict ? (
        <Stack gap={8} mb={16}>
          <Text size="sm">{words.form.conflict}</Text>
          <Button variant="default" size="xs" onClick={() => void reload()}>
            {words.form.reload}
          </Button>
        </Stack>
      ) : null}
      {asked.data === undefined ? (
        <Skeleton h={320} />
      ) : (
        <ProviderForm
          key={asked.data.etag}
          start={valuesOfProvider(asked.data.value)}
          usualUrl={asked.data.value.base_url}
          needsKey={false}
          isNew={false}
          onTry={(values) => tried(asked.data.value, values)}
          onSave={(values) => save(asked.data.value, asked.data.etag, values)}
          onCancel={onClose}
        />
      )}
    </Modal>
  );
}

function tried(provider: Provider, values: FormValues) {
  const { comment: _, ...body } = bodyOfChange(provider, values);
  const params = { path: { name: provider.name } };
  return told(api.POST("/api/v1/providers/{name}/test", { params, body }));
}
