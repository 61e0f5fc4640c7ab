// One limit in detail: its bar, its words, by whom it counts, and what can be done with it.
import { Button, Group, Stack, Table, Text } from "@mantine/core";
import { ApiError, api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { Countdown } from "@/charts/countdown";
import { limitWords, windowWords } from "@/format/limits";
import { Time } from "@/parts/figure";
import { IdCell } from "@/table/id-cell";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { useKeyset } from "@/table/use-keyset";
import { quota as words } from "@/texts/en/quota";
import { amountText, isBoosted, isTemplate, type Limit, resetOf, scopeWords } from "./limit";
import { LimitActions, ResetUse } from "./limit-actions";
import { From, StateOf, Use } from "./limit-cells";
import classes from "./quota.module.css";

const texts = words.panel;

interface Props {
  limit: Limit | undefined;
  isLoading: boolean;
  onClose: () => void;
}

export function LimitPanel({ limit, isLoading, onClose }: Props) {
  if (limit === undefined) {
    const gone = new ApiError({ status: 404, code: "", title: "", detail: texts.gone });
    return (
      <SidePanel title={words.list.name} onClose={onClose} isLoading={isLoading} error={isLoading ? null : gone}>
        {null}
      </SidePanel>
    );
  }
  return (
    <SidePanel
      title={`${scopeWords(limit.scope)}: ${limitWords(limit)}`}
      about={
        <>
          <StateOf row={limit} />
          <From row={limit} />
        </>
      }
      actions={<LimitActions limit={limit} onGone={onClose} />}
      onClose={onClose}
    >
      <Section title={texts.use}>
        <Use row={limit} />
      </Section>
      {isTemplate(limit) && !limit.shadowed ? <Counters limit={limit} /> : null}
      <Said limit={limit} />
    </SidePanel>
  );
}

function Said({ limit }: { limit: Limit }) {
  const isCalendar = ["hour", "day", "week", "month"].includes(limit.window);
  const boost = isBoosted(limit) ? limit.boost_until : null;
  return (
    <Section title={texts.limit}>
      <Facts
        facts={[
          [texts.amount, amountText(limit.metric, limit.amount)],
          [
            texts.boost,
            boost === null ? undefined : (
              <span key="boost">
                {amountText(limit.metric, limit.boost)} · <Time at={boost} />
              </span>
            ),
          ],
          [texts.carryOver, Number(limit.carry_over) > 0 ? amountText(limit.metric, limit.carry_over) : undefined],
          [texts.window, windowWords(limit.window)],
          [texts.zone, isCalendar ? limit.tz : undefined],
          [texts.week, limit.window === "week" ? dayOf(limit.week_start) : undefined],
          [texts.mode, `${words.modes[limit.mode]}: ${words.modeHints[limit.mode]}`],
          [texts.comment, limit.comment || undefined],
          [texts.declaredAt, limit.declared_at || undefined],
          [texts.created, limit.created_at ? <Time key="made" at={limit.created_at} /> : undefined],
          [texts.id, <IdCell key="id" id={limit.id} what={texts.id} />],
        ]}
      />
    </Section>
  );
}

function dayOf(day: string): string {
  return day in words.create.days ? words.create.days[day as keyof typeof words.create.days] : day;
}

function Counters({ limit }: { limit: Limit }) {
  const mayReset = useMay("limits.reset");
  const list = useKeyset(["limits", "use", limit.id], (after) => {
    const params = { path: { limit_id: limit.id }, query: after ? { after } : {} };
    return told(api.GET("/api/v1/limits/{limit_id}/use", { params }));
  });
  return (
    <Section title={texts.counters}>
      {list.rows.length === 0 ? (
        <Text size="sm" c="dimmed">
          {list.isLoading ? texts.countersHint : texts.noCounters}
        </Text>
      ) : (
        <Stack gap={8}>
          <Table.ScrollContainer minWidth={480}>
            <Table aria-label={texts.counters} className="figures">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{texts.who}</Table.Th>
                  <Table.Th ta="right">{texts.used}</Table.Th>
                  <Table.Th ta="right">{texts.held}</Table.Th>
                  <Table.Th ta="right">{texts.left}</Table.Th>
                  <Table.Th>{texts.resets}</Table.Th>
                  {mayReset ? <Table.Th /> : null}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.rows.map((one) => (
                  <Table.Tr key={one.scope}>
                    <Table.Td>{scopeWords(one.scope)}</Table.Td>
                    <Table.Td ta="right" className={classes.figure}>
                      {amountText(limit.metric, one.used)}
                    </Table.Td>
                    <Table.Td ta="right" className={classes.figure}>
                      {amountText(limit.metric, one.held)}
                    </Table.Td>
                    <Table.Td ta="right" className={classes.figure}>
                      {amountText(limit.metric, one.left)}
                    </Table.Td>
                    <Table.Td className={classes.figure}>
                      <Resets window={limit.window} at={one.resets_at} />
                    </Table.Td>
                    {mayReset ? (
                      <Table.Td>
                        <ResetUse limit={limit} scope={one.scope} compact />
                      </Table.Td>
                    ) : null}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {list.hasOlder ? (
            <Group>
              <Button variant="subtle" size="xs" loading={list.isLoadingOlder} onClick={list.loadOlder}>
                {texts.more}
              </Button>
            </Group>
          ) : null}
        </Stack>
      )}
    </Section>
  );
}

function Resets({ window, at }: { window: string; at: string | null }) {
  const reset = resetOf(window, at);
  return reset === undefined ? null : <Countdown at={reset} />;
}
