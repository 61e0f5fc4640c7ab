// The words of the page "Log".
import { textsOf } from "../catalogue";

export const log = textsOf("log", {
  title: "Log",
  about: "What the processes of this node say, as they say it; each node keeps its own.",
  search: "Find in messages",
  level: "Level",
  levels: {
    debug: "Debug and above",
    info: "Info and above",
    warning: "Warning and above",
    error: "Errors only",
  },
  process: "Process",
  anyProcess: "All processes",
  pause: "Pause",
  follow: "Follow",
  download: "Download CSV",
  clear: "Clear the log",
  clearTitle: "Clear the log of this node?",
  clearConsequence:
    "Every line that is kept is deleted and cannot be brought back. That you did it stays in the audit log.",
  clearName: "log",
  columns: { time: "Time", level: "Level", process: "Process", message: "Message" },
  lines: "Log lines",
  waiting: (lines: number) => (lines === 1 ? "1 new line" : `${lines} new lines`),
  older: "Older lines",
  bounded: (lines: string) => `${lines} lines are shown. Look for a word, a level or a process to see older ones.`,
  nothing: "Nothing has been said.",
  nothingHint: "Lines appear here as they are written. What is kept is set by logs.level and logs.max_lines.",
  nothingFound: "No line is like that.",
  nothingFoundHint: "Take a filter away, or choose a lower level.",
  copyLine: "line",
});
