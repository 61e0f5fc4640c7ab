// The style sheet of each Mantine component comes with the component: a page loads the styles of what it shows, and no
// others. In development all styles are loaded at once (src/styles.ts).
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

// A component's module of class names: `…/esm/components/Button/Button.module.mjs` belongs to `styles/Button.layer.css`.
const CLASS_NAMES = /(.*\/@mantine\/core)\/esm\/.*\/([A-Za-z]+)\.module\.mjs$/;

export function stylesOfComponents(): Plugin {
  return {
    name: "styles-of-components",
    apply: "build",
    transform(code, id) {
      const found = CLASS_NAMES.exec(id);
      if (found === null) return;
      const sheet = `styles/${found[2]}.layer.css`;
      if (!existsSync(join(String(found[1]), sheet))) return;
      return { code: `import "@mantine/core/${sheet}";\n${code}`, map: null };
    },
  };
}
