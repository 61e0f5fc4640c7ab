// The network: where the gateway listens, who reaches it there, what is risky about it, its certificate, and moving it.
import { Alert, Grid, Skeleton, Stack } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { queries } from "@/api/queries";
import { useMay } from "@/api/session";
import { later, soon } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { certificate } from "@/texts/en/certificate";
import { moving } from "@/texts/en/moving";
import { network as words } from "@/texts/en/network";
import { useView } from "@/view";
import { movable } from "./address";
import { Addresses } from "./addresses";
import { Encryption } from "./encryption";
import { Listeners } from "./listeners";
import type { Network, Props } from "./network";
import { Overridden } from "./overridden";
import { Proxies } from "./proxies";
import { useEnding } from "./use-move";

const Certificate = later(() => import("./certificate").then((module) => module.Certificate), <Skeleton h={240} />);
// As high as the form.
const PLACE = <Skeleton h={240} />;
const MoveForm = soon(() => import("./move-form").then((module) => module.MoveForm), PLACE);
const Pending = later(() => import("./pending").then((module) => module.Pending));
const Ended = later(() => import("./ended").then((module) => module.Ended));

const WATCHED_MS = 1000;

const QUESTION = { queryKey: ["network"], queryFn: () => told(api.GET("/api/v1/network")) };

export function ask(): void {
  void queries.prefetchQuery(QUESTION);
}

export function Page() {
  const found = useQuery({
    ...QUESTION,
    refetchInterval: (query) => (query.state.data?.pending ? WATCHED_MS : false),
  });
  const seen = found.data;
  const again = () => void found.refetch();
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      {found.error && !seen?.pending ? <ProblemNote error={found.error} onRetry={again} /> : null}
      <Stack gap={16}>
        {seen ? <Moves network={seen} askedAt={found.dataUpdatedAt} again={again} /> : null}
        {seen?.warnings.map((warning) => (
          <Alert
            key={warning.code}
            color="yellow"
            icon={<IconAlertTriangle size={18} />}
            title={words.warned[warning.code]}
          >
            {warning.message}
          </Alert>
        ))}
        <Listeners network={seen} />
        {seen ? <Overridden network={seen} /> : null}
        <Panels network={seen} />
      </Stack>
    </>
  );
}

// The move that goes on, and what became of the one that this page is about.
function Moves({ network, askedAt, again }: { network: Network; askedAt: number; again: () => void }) {
  const [view, change] = useView({ move: "", ended: "" });
  const { ending, giveUp, dismiss } = useEnding(network, view.move, again);
  const move = network.pending;
  const shown = ending ?? (view.ended === "kept" ? ({ kind: "kept" } as const) : null);
  return (
    <>
      {move && ending === null ? (
        <Pending
          key={move.switch_id}
          network={network}
          move={move}
          isMine={move.switch_id === view.move}
          askedAt={askedAt}
          again={again}
          onGiveUp={giveUp}
        />
      ) : null}
      {shown === null ? null : (
        <Ended
          ending={shown}
          network={network}
          onDismiss={() => {
            dismiss();
            change({ move: "", ended: "" }, true);
          }}
        />
      )}
    </>
  );
}

function Panels({ network }: Props) {
  const may = useMay("settings.write");
  const https = network?.https ?? null;
  return (
    <Grid gap={16}>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack gap={16}>
          {https ? (
            <Panel title={certificate.title} hint={certificate.hint}>
              <Certificate shown={https} />
            </Panel>
          ) : (
            <Panel title={words.encryption} hint={words.encryptionHint}>
              <Encryption network={network} />
            </Panel>
          )}
          <Panel title={words.addresses} hint={words.addressesHint}>
            <Addresses network={network} />
          </Panel>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack gap={16}>
          {may && (network === undefined || movable(network).length > 0) ? (
            <Panel title={moving.title} hint={moving.hint}>
              {network ? <MoveForm network={network} /> : PLACE}
            </Panel>
          ) : null}
          <Panel title={words.proxies} hint={words.proxiesHint}>
            <Proxies network={network} />
          </Panel>
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
