// A model's own price while it is written. What nobody says costs what its side does, so only what differs is kept.
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { ifMatch, type Tagged, tagged } from "@/api/tagged";

export type OwnPrice = components["schemas"]["ShownPrice"];
type Body = components["schemas"]["PriceBody"];

export interface PriceDraft {
  input: string;
  output: string;
  cached: string;
  write: string;
  request: string;
  comment: string;
}

const EMPTY: PriceDraft = { input: "", output: "", cached: "", write: "", request: "", comment: "" };
const MOST_OF_A_NAME = 200;

// The price that was said for this very name, or null: what counts may also be of a name with `*`, or gathered.
export async function readOwn(provider: string, model: string): Promise<Tagged<OwnPrice> | null> {
  const query = { q: `${provider}/${model}`, limit: MOST_OF_A_NAME };
  const { data } = await told(api.GET("/api/v1/prices", { params: { query } }));
  const found = data.find((one) => one.provider === provider && one.model === model);
  if (found === undefined || found.origin === "gathered") return null;
  if (found.origin === "file") return { value: found, etag: "" };
  return tagged(api.GET("/api/v1/prices/{provider}/{model}", { params: { path: { provider, model } } }));
}

export function draftOf(own: OwnPrice | null, input: string | null, output: string | null): PriceDraft {
  if (own === null) return { ...EMPTY, input: input ?? "", output: output ?? "" };
  return {
    input: own.input_per_1m,
    output: own.output_per_1m,
    cached: unless(own.cached_input_per_1m, own.input_per_1m),
    write: unless(own.cache_write_per_1m, own.input_per_1m),
    request: unless(own.per_request, "0"),
    comment: own.comment,
  };
}

export async function setPrice(
  provider: string,
  model: string,
  draft: PriceDraft,
  before: Tagged<OwnPrice> | null,
): Promise<void> {
  const params = { path: { provider, model }, header: ifMatch(before?.etag ?? "") };
  await told(api.PUT("/api/v1/prices/{provider}/{model}", { params, body: bodyOf(draft, before?.value ?? null) }));
  await stale("prices", "models");
}

export async function removePrice(provider: string, model: string, etag: string): Promise<void> {
  const params = { path: { provider, model }, header: ifMatch(etag) };
  await told(api.DELETE("/api/v1/prices/{provider}/{model}", { params }));
  await stale("prices", "models");
}

function bodyOf(draft: PriceDraft, before: OwnPrice | null): Body {
  return {
    ...(before ? kept(before) : {}),
    input_per_1m: draft.input,
    output_per_1m: draft.output,
    ...(draft.cached ? { cached_input_per_1m: draft.cached } : {}),
    ...(draft.write ? { cache_write_per_1m: draft.write } : {}),
    ...(draft.request ? { per_request: draft.request } : {}),
    comment: draft.comment,
  };
}

// What the form has no field for stays as it was.
function kept(before: OwnPrice): Partial<Body> {
  const { input_per_1m: input, output_per_1m: output } = before;
  const rates: Partial<Body> = {
    cache_write_1h_per_1m: unless(before.cache_write_1h_per_1m, before.cache_write_per_1m),
    reasoning_per_1m: unless(before.reasoning_per_1m, output),
    audio_input_per_1m: unless(before.audio_input_per_1m, input),
    audio_output_per_1m: unless(before.audio_output_per_1m, output),
    image_input_per_1m: unless(before.image_input_per_1m, input),
    image_output_per_1m: unless(before.image_output_per_1m, output),
  };
  return {
    ...Object.fromEntries(Object.entries(rates).filter(([, value]) => value !== "")),
    ...(before.tiers.length > 0 ? { tiers: before.tiers as unknown as Body["tiers"] } : {}),
    ...(hasServiceTiers(before) ? { service_tiers: before.service_tiers as unknown as Body["service_tiers"] } : {}),
  };
}

function hasServiceTiers(price: OwnPrice): boolean {
  return Object.keys(price.service_tiers).length > 0;
}

export function hasSteps(price: OwnPrice): boolean {
  return price.tiers.length > 0 || hasServiceTiers(price);
}

function unless(value: string, usual: string): string {
  return value === usual ? "" : value;
}
