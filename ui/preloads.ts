// Tells the server what each page loads, so that it can say so in the page itself (admin/ui_files.py): a browser asks for
// all of it at once, instead of finding a file in a file in a file.
import type { Plugin, Rolldown } from "vite";

// What stands around every page, and each page by its folder.
const FRAME = /src.app\.tsx$/;
const PAGE = /src.pages.([a-z]+).index\.tsx$/;
// What pages begin to load by themselves, as soon as they are there (`soon` in src/parts/later.tsx).
const SOON = /src.(charts.plot|pages.network.move-form)\.tsx$/;

type Bundle = Record<string, Rolldown.OutputChunk | Rolldown.OutputAsset>;

export function preloads(): Plugin {
  return {
    name: "preloads",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((one) => one.type === "chunk");
      const [start] = chunks.filter((one) => one.isEntry);
      const [frame] = chunks.filter((one) => holds(one, FRAME));
      if (start === undefined || frame === undefined) throw new Error("there is no start, or nothing around pages");
      // index.html names these already.
      const named = loadedBy([start.fileName], bundle);
      const told: Record<string, string[]> = {};
      for (const chunk of chunks) {
        for (const id of chunk.moduleIds) {
          const name = PAGE.exec(id)?.[1];
          if (name !== undefined) told[name] = later([frame.fileName, chunk.fileName], bundle, named);
        }
      }
      told[""] = later([frame.fileName], bundle, named);
      this.emitFile({ type: "asset", fileName: "preloads.json", source: JSON.stringify(told) });
    },
  };
}

function later(names: string[], bundle: Bundle, named: ReadonlySet<string>): string[] {
  return [...loadedBy(names, bundle)].filter((name) => !named.has(name)).map((name) => name.replace("assets/", ""));
}

// All files that come with some: what they import, the styles of it, and what they ask for at once.
function loadedBy(names: readonly string[], bundle: Bundle): Set<string> {
  const found = new Set<string>();
  const add = (name: string) => {
    const chunk = bundle[name];
    if (found.has(name) || chunk?.type !== "chunk") return;
    found.add(name);
    for (const one of chunk.imports) add(one);
    for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style);
    for (const one of chunk.dynamicImports) if (isSoon(bundle[one])) add(one);
  };
  for (const name of names) add(name);
  return found;
}

function isSoon(file: Bundle[string] | undefined): boolean {
  return file?.type === "chunk" && holds(file, SOON);
}

function holds(chunk: Rolldown.OutputChunk, module: RegExp): boolean {
  return chunk.moduleIds.some((id) => module.test(id));
}
