// How the UI is built: below /admin, into the Python package, with compressed copies beside what is larger than a packet.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { preloads } from "./preloads";
import { stylesOfComponents } from "./styles-of-components";

const BUILT = "../src/tokenrouter/admin/ui";
const WORTH_IT_BYTES = 1400;

// The server sends these as they are, so that no request pays for compression.
function compressedCopies(): Plugin {
  return {
    name: "compressed-copies",
    apply: "build",
    writeBundle() {
      const folder = join(import.meta.dirname, BUILT, "assets");
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        if (!/\.(js|css|svg)$/.test(name) || statSync(path).size < WORTH_IT_BYTES) continue;
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
        );
      }
    },
  };
}

// What is only loaded with that which shows it: dialogs and panels, fields that choose, fields of forms, pages themselves.
const WINDOWS = /components.(Modal|ModalBase|Drawer).|remove-scroll|use-sidecar|style-singleton/;
const CHOICES = /components.(Combobox|Select|MultiSelect|Pill|PillsInput)./;
const SCROLLED = /components.ScrollArea./;
const NUMBERS = /components.NumberInput.|number-format/;
const OTHERS = /components.(TagsInput|Textarea|Switch|PasswordInput|InlineInput).|textarea-auto/;
const OURS = /src.(pages|snippets|table.side-panel|parts.confirm-dialog)./;
const LATER = new RegExp([SCROLLED, WINDOWS, CHOICES, NUMBERS, OTHERS, OURS].map(({ source }) => source).join("|"));
// What stands around every page, and with it all that this needs.
const FRAME = /src.app\.tsx$/;
// Small parts of pages with figures, which would be a file each.
const FIGURES = /src.(texts.en.charts|charts.(charts\.module|times)|parts.(tile|hint)|table.column)\./;
const MANY_PAGES = 10;

export default defineConfig({
  base: "/admin/",
  plugins: [react(), stylesOfComponents(), preloads(), compressedCopies()],
  resolve: { alias: { "@": join(import.meta.dirname, "src") } },
  // The server puts a fresh nonce in the place of this word in every answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: BUILT,
    emptyOutDir: true,
    target: "es2022",
    // Images in the code as data would need another source in the policy for scripts' bytes; files are cached better.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Left to itself it makes a file of every set of parts that pages share: more than a hundred for a page, which take
    // longer to ask for and pack worse. A group takes along what its modules import, unless another comes before it.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "start", tags: ["$initial"], priority: 7 },
            { name: "frame", test: FRAME, priority: 6 },
            { name: "parts", test: (id) => !LATER.test(id), minShareCount: MANY_PAGES, priority: 5 },
            { name: "figures", test: FIGURES, priority: 4.5 },
            { name: "scrolled", test: SCROLLED, priority: 4 },
            { name: "windows", test: WINDOWS, priority: 3 },
            { name: "choices", test: CHOICES, priority: 2 },
            { name: "numbers", test: NUMBERS, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    // The host stays as the browser says it: the server compares it with the origin of whatever changes anything.
    proxy: Object.fromEntries(
      ["/api", "/v1", "/docs", "/openapi.json", "/admin/login", "/admin/logout"].map((path) => [
        path,
        { target: process.env.TOKENROUTER_URL ?? "http://127.0.0.1:8080", changeOrigin: false },
      ]),
    ),
  },
});
