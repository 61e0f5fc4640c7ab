// A new password for oneself: the old one first. Every other session ends with it.
import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { ProblemNote } from "@/parts/problem";
import { account as words } from "@/texts/en/account";

export function PasswordForm() {
  const [old, setOld] = useState("");
  const [wanted, setWanted] = useState("");
  const [again, setAgain] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const differs = again !== "" && again !== wanted;

  const change = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await told(api.POST("/api/v1/me/password", { body: { old_password: old, new_password: wanted } }));
      setDone(true);
      for (const empty of [setOld, setWanted, setAgain]) empty("");
      await stale("session");
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void change(event)}>
      <Stack gap={12}>
        <PasswordInput
          label={words.oldPassword}
          autoComplete="current-password"
          value={old}
          onChange={(event) => setOld(event.currentTarget.value)}
          required
        />
        <PasswordInput
          label={words.newPassword}
          autoComplete="new-password"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          required
        />
        <PasswordInput
          label={words.again}
          autoComplete="new-password"
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={differs ? words.differs : undefined}
          required
        />
        {error === null ? null : <ProblemNote error={error} />}
        <Text size="sm" role="status">
          {done ? words.changed : ""}
        </Text>
        <Button type="submit" loading={busy} disabled={old === "" || wanted === "" || again !== wanted}>
          {words.changePassword}
        </Button>
      </Stack>
    </form>
  );
}
