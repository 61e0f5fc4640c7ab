// People: who they are, their teams, when they signed in last, and what they used this month.
import { Button } from "@mantine/core";
import { IconPlus, IconTableImport, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { Empty } from "@/parts/empty";
import { Money, Time } from "@/parts/figure";
import { later } from "@/parts/later";
import { tellOf } from "@/parts/problem";
import type { Column } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { FilterBar } from "@/table/filter-bar";
import { useKeyset } from "@/table/use-keyset";
import { useOpen } from "@/table/use-open";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { useView } from "@/view";
import { BriefLimits } from "./brief-limits";
import type { Told } from "./link-dialog";
import type { ListedPerson, Person } from "./people";
import { makeLink } from "./person-link";
import { PersonState } from "./person-state";

const CreatePerson = later(() => import("./person-form").then((module) => module.CreatePerson));
const RosterDialog = later(() => import("./roster-dialog").then((module) => module.RosterDialog));
const PersonPanel = later(() => import("./person-panel").then((module) => module.PersonPanel));
const ToldDialog = later(() => import("./link-dialog").then((module) => module.ToldDialog));

const words = access.people;

export function PeopleTab() {
  const [view, change] = useView({ q: "", role: "", team: "", enabled: "" });
  const [open, setOpen] = useOpen();
  const [making, setMaking] = useState<"" | "person" | "roster">("");
  const [link, setLink] = useState<Told | null>(null);
  const mayWrite = useMay("users.write");
  const mayImport = useMay("roster.import");
  const wanted = Object.fromEntries(Object.entries(view).filter(([, value]) => value !== ""));
  const people = useKeyset<ListedPerson>(["users", "list", wanted], (after) =>
    told(api.GET("/api/v1/users", { params: { query: { ...wanted, figures: true, ...(after ? { after } : {}) } } })),
  );
  // Who was just made needs a way in: the link is offered at once.
  const made = (person: Person) => {
    setOpen(person.id);
    if (person.email) void makeLink(person).then(setLink).catch(tellOf);
  };
  const actions = (
    <>
      {mayImport ? (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconTableImport size={14} aria-hidden />}
          onClick={() => setMaking("roster")}
        >
          {words.importRoster}
        </Button>
      ) : null}
      {mayWrite ? (
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMaking("person")}>
          {words.create}
        </Button>
      ) : null}
    </>
  );
  return (
    <>
      <DataTable
        name={access.tabs.people}
        columns={COLUMNS}
        {...people}
        idOf={(person) => person.id}
        onRetry={people.refetch}
        onOlder={people.loadOlder}
        onOpen={(person) => setOpen(person.id)}
        openId={open}
        csv={`/api/v1/users?${new URLSearchParams({ ...wanted, format: "csv" })}`}
        filter={<FilterBar search={words.search} filters={FILTERS} view={view} change={change} />}
        actions={actions}
        empty={<Empty icon={IconUsers} title={words.empty} hint={words.emptyHint} />}
      />
      {open ? <PersonPanel key={open} id={open} onClose={() => setOpen("")} /> : null}
      {making === "person" ? <CreatePerson onClose={() => setMaking("")} onMade={made} /> : null}
      {making === "roster" ? <RosterDialog onClose={() => setMaking("")} /> : null}
      {link ? <ToldDialog told={link} onClose={() => setLink(null)} /> : null}
    </>
  );
}

const options = (named: Readonly<Record<string, string>>) =>
  Object.entries(named).map(([value, label]) => ({ value, label }));

const FILTERS = [
  { name: "role", label: words.role, options: options(words.roles) },
  { name: "team", label: access.keys.team },
  { name: "enabled", label: words.state, options: options(words.filterStates) },
];

const COLUMNS: Column<ListedPerson>[] = [
  { id: "name", head: words.name, cell: (person) => person.name, width: 200 },
  { id: "email", head: words.email, cell: (person) => person.email ?? parts.none, width: 200 },
  { id: "role", head: words.role, cell: (person) => words.roles[person.role], width: 90 },
  {
    id: "teams",
    head: words.teams,
    cell: (person) => person.figures?.teams.map((one) => one.team).join(", ") || parts.none,
    width: 140,
  },
  { id: "state", head: words.state, cell: (person) => <PersonState person={person} />, width: 115 },
  { id: "in", head: words.signedIn, cell: (person) => <Time at={person.signed_in_at} />, width: 110 },
  { id: "keys", head: words.keys, cell: (person) => person.figures?.keys ?? parts.none, align: "right", width: 70 },
  {
    id: "limits",
    head: access.keys.limits,
    cell: (person) => <BriefLimits figures={person.figures} />,
    width: 150,
    hidden: true,
  },
  {
    id: "cost",
    head: words.costMonth,
    cell: (person) => <Money nano={person.figures?.month.cost_nano_usd} />,
    align: "right",
    width: 100,
  },
  { id: "comment", head: words.comment, cell: (person) => person.comment, width: 180, hidden: true },
  { id: "created", head: words.created, cell: (person) => <Time at={person.created_at} />, width: 110, hidden: true },
];
