// What the server says of the network.
import type { components } from "@/api/schema";

export type Network = components["schemas"]["Network"];
export type Listener = components["schemas"]["Listener"];
export type Certificate = NonNullable<Network["https"]>;
export type Move = NonNullable<Network["pending"]>;

export interface Props {
  // Undefined while it is asked for.
  network: Network | undefined;
}
