// Teams: how many are in each, their keys and limits, and what they used this month.
import { Button } from "@mantine/core";
import { IconLock, IconPlus, IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { Empty } from "@/parts/empty";
import { Money, Time, Tokens } from "@/parts/figure";
import { later } from "@/parts/later";
import type { Column } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { FilterBar } from "@/table/filter-bar";
import { useKeyset } from "@/table/use-keyset";
import { useOpen } from "@/table/use-open";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { useView } from "@/view";
import { BriefLimits } from "./brief-limits";
import type { ListedTeam } from "./people";
import { TeamState } from "./person-state";

const CreateTeam = later(() => import("./team-form").then((module) => module.CreateTeam));
const TeamPanel = later(() => import("./team-panel").then((module) => module.TeamPanel));

const words = access.teams;

export function TeamsTab() {
  const [view, change] = useView({ q: "", enabled: "" });
  const [open, setOpen] = useOpen();
  const [making, setMaking] = useState(false);
  const mayWrite = useMay("teams.write");
  const wanted = Object.fromEntries(Object.entries(view).filter(([, value]) => value !== ""));
  const teams = useKeyset<ListedTeam>(["teams", "list", wanted], (after) =>
    told(api.GET("/api/v1/teams", { params: { query: { ...wanted, figures: true, ...(after ? { after } : {}) } } })),
  );
  const create = mayWrite ? (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMaking(true)}>
      {words.create}
    </Button>
  ) : null;
  return (
    <>
      <DataTable
        name={access.tabs.teams}
        columns={COLUMNS}
        {...teams}
        idOf={(team) => team.id}
        onRetry={teams.refetch}
        onOlder={teams.loadOlder}
        onOpen={(team) => setOpen(team.id)}
        openId={open}
        csv={`/api/v1/teams?${new URLSearchParams({ ...wanted, format: "csv" })}`}
        filter={<FilterBar search={words.search} filters={FILTERS} view={view} change={change} />}
        actions={create}
        empty={<Empty icon={IconUsersGroup} title={words.empty} hint={words.emptyHint} />}
      />
      {open ? <TeamPanel key={open} id={open} onClose={() => setOpen("")} /> : null}
      {making ? <CreateTeam onClose={() => setMaking(false)} onMade={(team) => setOpen(team.id)} /> : null}
    </>
  );
}

const FILTERS = [
  {
    name: "enabled",
    label: words.state,
    options: Object.entries(access.people.filterStates).map(([value, label]) => ({ value, label })),
  },
];

const COLUMNS: Column<ListedTeam>[] = [
  { id: "name", head: words.name, cell: (team) => <TeamName team={team} />, width: 220 },
  { id: "state", head: words.state, cell: (team) => <TeamState enabled={team.enabled} />, width: 115 },
  {
    id: "members",
    head: words.members,
    cell: (team) => team.figures?.members ?? parts.none,
    align: "right",
    width: 95,
  },
  { id: "keys", head: words.keys, cell: (team) => team.figures?.keys ?? parts.none, align: "right", width: 75 },
  { id: "limits", head: words.limits, cell: (team) => <BriefLimits figures={team.figures} />, width: 170 },
  {
    id: "models",
    head: words.models,
    cell: (team) => team.allowed_models.join(", ") || words.allModels,
    width: 160,
  },
  {
    id: "requests",
    head: words.requestsMonth,
    cell: (team) => (team.figures ? <Tokens value={team.figures.month.requests} /> : parts.none),
    align: "right",
    width: 105,
    hidden: true,
  },
  {
    id: "cost",
    head: words.costMonth,
    cell: (team) => <Money nano={team.figures?.month.cost_nano_usd} />,
    align: "right",
    width: 100,
  },
  { id: "comment", head: words.comment, cell: (team) => team.comment, width: 180, hidden: true },
  { id: "created", head: words.created, cell: (team) => <Time at={team.created_at} />, width: 110, hidden: true },
];

function TeamName({ team }: { team: ListedTeam }) {
  if (team.origin === "database") return team.name;
  const where = parts.readOnly(team.declared_at || access.origins[team.origin]);
  return (
    <>
      {team.name} <IconLock size={14} aria-label={where} color="var(--soft)" />
    </>
  );
}
