// An id: in letters of one width, cut where it is long, with a button that copies all of it.
import { Copy } from "@/parts/copy";
import classes from "./table.module.css";

export function IdCell({ id, what }: { id: string; what?: string }) {
  return (
    <span className={classes.id}>
      <span className="mono" title={id}>
        {id}
      </span>
      <Copy text={id} {...(what ? { what } : {})} />
    </span>
  );
}
