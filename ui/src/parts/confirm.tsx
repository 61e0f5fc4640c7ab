// A named confirmation for what cannot be undone. Its dialog is loaded when somebody is first asked.
import { useState } from "react";
import type { ConfirmProps } from "./confirm-dialog";
import { later } from "./later";

const Dialog = later(() => import("./confirm-dialog").then((module) => module.ConfirmDialog));

export function Confirm(props: ConfirmProps) {
  const [wanted, setWanted] = useState(false);
  if (props.opened && !wanted) setWanted(true);
  return wanted ? <Dialog {...props} /> : null;
}
