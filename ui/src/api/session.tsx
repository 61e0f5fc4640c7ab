// Who is signed in, and what they may: asked once, known everywhere.
import { createContext, type ReactNode, use } from "react";
import { api, rememberToken, told } from "./client";
import type { components } from "./schema";

export type Session = components["schemas"]["ShownSession"];
export type Reach = Session["may"][string];

const Current = createContext<Session | null>(null);

export async function readSession(): Promise<Session> {
  const session = await told(api.GET("/api/v1/session"));
  rememberToken(session.csrf);
  return session;
}

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <Current value={session}>{children}</Current>;
}

export function useSession(): Session {
  const session = use(Current);
  if (session === null) throw new Error("there is no session outside of SessionProvider");
  return session;
}

// How far an action reaches for who is signed in; "-" is nowhere.
export function useReach(action: string): Reach {
  return useSession().may[action] ?? "-";
}

export function useMay(action: string): boolean {
  return useReach(action) !== "-";
}
