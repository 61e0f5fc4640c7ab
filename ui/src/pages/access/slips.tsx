// Slips to be printed, cut and handed out, eight to a sheet: on paper they alone are seen, on the screen never.
import { Portal } from "@mantine/core";
import { useEffect } from "react";
import { count } from "@/format/figures";
import { access } from "@/texts/en/access";
import type { RosterPerson } from "./roster";
import classes from "./slips.module.css";

const words = access.roster;

interface Props {
  people: readonly RosterPerson[];
  address: string;
  onPrinted: () => void;
}

export function Slips({ people, address, onPrinted }: Props) {
  useEffect(() => {
    document.body.classList.add(classes.printing ?? "");
    window.addEventListener("afterprint", onPrinted);
    window.print();
    return () => {
      document.body.classList.remove(classes.printing ?? "");
      window.removeEventListener("afterprint", onPrinted);
    };
  }, [onPrinted]);
  return (
    // A place of its own in the body: the dialog beneath must not be printed.
    <Portal reuseTargetNode={false}>
      <div className={classes.sheet}>
        {people.map((person) => (
          <article key={person.line} className={classes.slip}>
            <h2>{person.name}</h2>
            <p>{about(person)}</p>
            <dl>
              <dt>{words.slipKey}</dt>
              <dd>{person.key}</dd>
              <dt>{words.slipAddress}</dt>
              <dd>{address}</dd>
            </dl>
          </article>
        ))}
      </div>
    </Portal>
  );
}

function about({ quota_tokens: quota, team }: RosterPerson): string {
  return [quota === null ? "" : words.slipQuota(count(quota)), team].filter((part) => part !== "").join(" · ");
}
