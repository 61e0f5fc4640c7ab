// The look: neutral greys, one accent (indigo), an 8-px grid; green, amber and red mean ok, soon and stopped.
// Dark is drawn, not inverted: its greys are bluish, its accent is lighter.
import { createTheme, type MantineColorsTuple } from "@mantine/core";
import { parts } from "./texts/en/parts";

const dark: MantineColorsTuple = [
  "#e8eaf0",
  "#c3c7d4",
  "#a2a8ba",
  "#858ca1",
  "#4a5166",
  "#363c4e",
  "#2a2f3e",
  "#1d212d",
  "#151822",
  "#0f121a",
];
const gray: MantineColorsTuple = [
  "#f8f9fb",
  "#f1f3f6",
  "#e6e9ee",
  "#d8dce4",
  "#bfc5d1",
  "#8f97a8",
  "#666e80",
  "#4c5364",
  "#343a48",
  "#1f2430",
];

// Mantine's red, with a filled shade on which white words can be read (AA).
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#d93636",
  "#cc2f2f",
  "#c22b2b",
  "#b02525",
  "#991f1f",
];

export const theme = createTheme({
  colors: { dark, gray, red },
  primaryColor: "indigo",
  primaryShade: 7,
  autoContrast: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "1rem", lg: "1.25rem", xl: "1.75rem" },
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "1.75rem" }, h2: { fontSize: "1.25rem" }, h3: { fontSize: "1rem" } },
  },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Its own colours for titles cannot be read on amber and green (AA); the icon keeps them.
    Alert: { styles: { title: { color: "var(--mantine-color-text)" } } },
    Badge: { defaultProps: { tt: "none" } },
    Button: { defaultProps: { size: "sm" } },
    TextInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", checkIconPosition: "right" } },
    Modal: {
      defaultProps: {
        centered: true,
        transitionProps: { duration: 120 },
        closeButtonProps: { "aria-label": parts.close },
      },
    },
    Drawer: { defaultProps: { position: "right", transitionProps: { duration: 120 } } },
    Menu: { defaultProps: { transitionProps: { duration: 100 }, shadow: "md" } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 100 }, multiline: true, maw: 320 } },
  },
});
