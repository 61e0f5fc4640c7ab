// The words of what pages are made of: copying, confirming, tables, times and amounts.
import { textsOf } from "../catalogue";

export const parts = textsOf("parts", {
  copy: "Copy",
  copied: "Copied",
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  remove: "Remove",
  more: "More",
  none: "–",
  never: "never",
  estimate: "An estimate: the provider has not said it.",
  confirmName: (name: string) => `Type ${name} to confirm`,
  exact: (figure: string) => `exactly ${figure}`,
  before: (figure: string) => `${figure} in the period before`,
  same: "no change",
  newly: "none before",
  timesMore: (times: number) => `▲ ${times} ×`,
  ago: { now: "just now" },
  status: { ok: "OK", soon: "Soon", stopped: "Stopped", unknown: "Unknown" },
  undo: "Undo",
  settings: "Settings",
  readOnly: (where: string) => `Declared in ${where}: change it there.`,
});
