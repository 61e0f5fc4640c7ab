// The corner in which things are told in passing, from the first on.
import { useWindowEvent } from "@mantine/hooks";
import { useState } from "react";
import { later } from "@/parts/later";
import { TOLD } from "@/parts/notice";

const Corner = later(() => import("./notices-corner").then((module) => module.NoticesCorner));

export function Notices() {
  const [wanted, setWanted] = useState(false);
  useWindowEvent(TOLD, () => setWanted(true));
  return wanted ? <Corner /> : null;
}
