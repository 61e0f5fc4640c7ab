// A new key in the place of an old one, which is good for a while longer.
import { NativeSelect, Text } from "@mantine/core";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { ifMatch } from "@/api/tagged";
import type { MadeKey } from "@/snippets/new-key";
import { access } from "@/texts/en/access";
import { FormDialog } from "./form-dialog";
import type { ShownKey } from "./key-draft";

const words = access.rotate;
const USUAL_S = "86400";

interface Props {
  shown: ShownKey;
  etag: string;
  onClose: () => void;
  onMade: (made: MadeKey) => void;
}

export function RotateKey({ shown, etag, onClose, onMade }: Props) {
  const [overlap, setOverlap] = useState(USUAL_S);
  const rotate = async () => {
    const params = { path: { name_or_id: shown.id }, header: ifMatch(etag) };
    const body = { overlap_s: Number(overlap) };
    onMade(await told(api.POST("/api/v1/keys/{name_or_id}/rotate", { params, body })));
    void stale("keys");
  };
  return (
    <FormDialog title={words.title(shown.name)} verb={words.verb} onClose={onClose} onSubmit={rotate}>
      <Text size="sm">{words.about}</Text>
      <NativeSelect
        label={words.overlap}
        data-autofocus
        value={overlap}
        onChange={(event) => setOverlap(event.currentTarget.value)}
        data={Object.entries(words.overlaps).map(([value, label]) => ({ value, label }))}
      />
    </FormDialog>
  );
}
