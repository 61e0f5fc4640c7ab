// How the UI asks the server: typed by the OpenAPI document, with the session's token on whatever changes anything.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";

// What the server says when it does not do as it was told (RFC 9457).
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors?: { field: string; message: string }[];
}

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

let csrf = "";

// Whoever knows the session says its token here once.
export function rememberToken(token: string): void {
  csrf = token;
}

const SAFE = new Set(["GET", "HEAD"]);

const carryToken: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method)) request.headers.set("x-csrf-token", csrf);
    return request;
  },
};

// Lists answer as CSV too, where somebody asks for it; here they are always asked for as JSON.
export const api = createClient<paths, "application/json">({ baseUrl: "", credentials: "same-origin" });
api.use(carryToken);

export interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

// Returns what the server answered, or throws ApiError with the reason in words. A session that is over leads to the
// sign-in page, which leads back. A text is what a list is as CSV, which nobody asks for here.
export async function told<Data>(asked: Promise<Answer<Data>>): Promise<Exclude<Data, string>> {
  const { data, error, response } = await asked.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(unreachable());
  });
  if (response.ok) return data as Exclude<Data, string>;
  if (response.status === 401) signInAgain();
  throw new ApiError(problemOf(error, response));
}

// Asks for a path that is only known at run time, such as a CSV file or a stream of tokens.
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!SAFE.has(init.method ?? "GET")) headers.set("x-csrf-token", csrf);
  const response = await fetch(path, { ...init, headers, credentials: "same-origin" }).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(unreachable());
  });
  if (response.ok) return response;
  throw new ApiError(problemOf(await response.json().catch(() => null), response));
}

export function signInAgain(): void {
  window.location.assign(`/admin/login?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
}

function problemOf(error: unknown, response: Response): Problem {
  const found = typeof error === "object" && error !== null ? (error as Partial<Problem>) : {};
  return {
    status: response.status,
    code: found.code ?? "",
    title: found.title ?? response.statusText,
    detail: found.detail ?? "",
    errors: found.errors ?? [],
  };
}

function unreachable(): Problem {
  return { status: 0, code: "unreachable", title: "", detail: "", errors: [] };
}
