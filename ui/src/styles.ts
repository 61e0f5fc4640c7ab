// Mantine's styles, in a layer beneath our own. Those of components come with the components when the UI is built
// (styles-of-components.ts).
import "@mantine/core/styles/baseline.layer.css";
import "@mantine/core/styles/default-css-variables.layer.css";
import "@mantine/core/styles/global.layer.css";
import "./base.css";

export async function allStyles(): Promise<void> {
  if (import.meta.env.DEV) await import("@mantine/core/styles.layer.css");
}
