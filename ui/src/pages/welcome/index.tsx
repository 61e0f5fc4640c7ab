// The first run: from a set-up link to the first request in under two minutes. Every step can be left out, and done later
// on the page that it belongs to.
import { Grid, Stack } from "@mantine/core";
import { useCallback, useState } from "react";
import { useMay, useSession } from "@/api/session";
import { PageHead } from "@/parts/page-head";
import type { MadeKey } from "@/snippets/new-key";
import { welcome as words } from "@/texts/en/welcome";
import { FirstKey } from "./first-key";
import { FirstProvider } from "./first-provider";
import { Next } from "./next";
import { Step } from "./step";
import { UseIt } from "./use-it";

export function Page() {
  const session = useSession();
  const steers = useMay("providers.write");
  const [made, setMade] = useState<MadeKey | null>(null);
  const [arrived, setArrived] = useState(false);
  const onArrived = useCallback(() => setArrived(true), []);
  return (
    <>
      <PageHead title={words.title(session.name)} about={steers ? words.aboutOwner : words.about} />
      <Grid gap={16}>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap={16}>
            {steers ? <FirstProvider /> : null}
            <Step number={steers ? 2 : 1} title={words.key} hint={words.keyHint} done={made !== null}>
              <FirstKey made={made} onMade={setMade} />
            </Step>
            <Step number={steers ? 3 : 2} title={words.use} hint={words.useHint} done={arrived}>
              <UseIt made={made} onArrived={onArrived} />
            </Step>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Next />
        </Grid.Col>
      </Grid>
    </>
  );
}
