// A key of one's own, shown this once.
import { Button, Group, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useSession } from "@/api/session";
import { ProblemNote } from "@/parts/problem";
import type { MadeKey } from "@/snippets/new-key";
import { ShownOnce } from "@/snippets/shown-once";
import { snippets } from "@/texts/en/snippets";
import { welcome as words } from "@/texts/en/welcome";

interface Props {
  made: MadeKey | null;
  onMade: (made: MadeKey) => void;
}

export function FirstKey({ made, onMade }: Props) {
  const session = useSession();
  const [name, setName] = useState(words.keyName(session.name));
  const make = useMutation({
    mutationFn: () => {
      const user = session.kind === "person" ? session.name : "";
      return told(api.POST("/api/v1/keys", { body: { name: name.trim(), user } as never }));
    },
    onSuccess: (key) => {
      onMade(key);
      void stale("keys");
    },
  });
  if (made !== null) return <ShownOnce text={made.key} label={snippets.key} />;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Group gap={8} align="flex-end">
        <TextInput
          label={words.nameOfKey}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          flex="1 1 200px"
        />
        <Button type="submit" loading={make.isPending} disabled={name.trim() === ""}>
          {words.makeKey}
        </Button>
      </Group>
      {make.error ? <ProblemNote error={make.error} /> : null}
    </form>
  );
}
