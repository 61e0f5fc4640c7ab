// What can be done with a limit: boost, reset, edit, remove. What the file or the environment owns can only be reset.
import { ActionIcon, Button, Text, Tooltip } from "@mantine/core";
import { IconPencil, IconRocket, IconRotate, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useMay } from "@/api/session";
import { limitWords } from "@/format/limits";
import { Confirm } from "@/parts/confirm";
import { tellDone } from "@/parts/done";
import { tellOf } from "@/parts/problem";
import { parts } from "@/texts/en/parts";
import { quota } from "@/texts/en/quota";
import { BoostDialog } from "./boost-dialog";
import { EditDialog } from "./edit-dialog";
import { amountText, isBoosted, type Limit, resetUse, scopeWords } from "./limit";

const words = quota.actions;
type Asked = "" | "boost" | "edit" | "remove";

export function LimitActions({ limit, onGone }: { limit: Limit; onGone: () => void }) {
  const mayWrite = useMay("limits.write") && limit.origin === "database";
  const mayReset = useMay("limits.reset") && !limit.shadowed && limit.metric !== "concurrency";
  const [asked, ask] = useState<Asked>("");
  const close = () => ask("");
  const remove = async () => {
    await told(api.DELETE("/api/v1/limits/{limit_id}", { params: { path: { limit_id: limit.id } } }));
    onGone();
    await stale("limits", "keys");
    tellDone(words.done.removed);
  };
  return (
    <>
      {mayWrite ? (
        <>
          <Action icon={IconRocket} label={words.boost} onClick={() => ask("boost")} />
          {isBoosted(limit) ? <EndBoost limit={limit} /> : null}
        </>
      ) : null}
      {mayReset ? <ResetUse limit={limit} scope={null} /> : null}
      {mayWrite ? (
        <>
          <Action icon={IconPencil} label={words.edit} onClick={() => ask("edit")} />
          <Action icon={IconTrash} label={words.remove} onClick={() => ask("remove")} danger />
        </>
      ) : null}
      {limit.declared_at ? (
        <Text size="xs" c="dimmed">
          {parts.readOnly(limit.declared_at)}
        </Text>
      ) : null}
      {asked === "boost" ? <BoostDialog limit={limit} onClose={close} /> : null}
      {asked === "edit" ? <EditDialog limit={limit} onClose={close} /> : null}
      <Confirm
        opened={asked === "remove"}
        title={words.removeTitle(limitWords(limit), scopeWords(limit.scope))}
        consequence={words.removeConsequence}
        verb={words.remove}
        onClose={close}
        onConfirm={remove}
      />
    </>
  );
}

interface ActionProps {
  icon: typeof IconRocket;
  label: string;
  danger?: boolean;
  onClick: () => void;
}

function Action({ icon: Picture, label, danger = false, onClick }: ActionProps) {
  return (
    <Button
      variant="default"
      size="xs"
      {...(danger ? { c: "var(--stopped)" } : {})}
      leftSection={<Picture size={14} aria-hidden />}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}

function EndBoost({ limit }: { limit: Limit }) {
  const end = async () => {
    const params = { path: { limit_id: limit.id } };
    try {
      await told(api.POST("/api/v1/limits/{limit_id}/boost", { params, body: { amount: 0 } }));
      await stale("limits");
      tellDone(words.done.ended);
    } catch (error) {
      tellOf(error);
    }
  };
  return (
    <Button variant="default" size="xs" onClick={() => void end()}>
      {words.endBoost}
    </Button>
  );
}

// Gives back what was used: to everybody it counts, or to one `scope` of them.
export function ResetUse({ limit, scope, compact = false }: { limit: Limit; scope: string | null; compact?: boolean }) {
  const [asking, setAsking] = useState(false);
  const whom =
    scope === null ? (limit.scope.endsWith(":*") ? words.resetEverybody : scopeWords(limit.scope)) : scopeWords(scope);
  const reset = async () => {
    const given = await resetUse(limit, scope);
    const amounts = given
      .slice(0, 3)
      .map((one) => `${amountText(limit.metric, one.amount)} (${scopeWords(one.scope)})`);
    tellDone(amounts.length > 0 ? words.resetDone(amounts.join(", ")) : words.nothingBack);
  };
  return (
    <>
      {compact ? (
        <Tooltip label={quota.panel.resetOne(whom)}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={quota.panel.resetOne(whom)}
            onClick={() => setAsking(true)}
          >
            <IconRotate size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ) : (
        <Action icon={IconRotate} label={words.reset} onClick={() => setAsking(true)} />
      )}
      <Confirm
        opened={asking}
        title={words.resetTitle(whom)}
        consequence={words.resetConsequence(whom)}
        verb={words.reset}
        onClose={() => setAsking(false)}
        onConfirm={reset}
      />
    </>
  );
}
