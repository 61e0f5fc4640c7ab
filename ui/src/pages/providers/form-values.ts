// What stands in the form of a provider, and what of it is sent: secrets that are left blank stay as they are.
import type { components } from "@/api/schema";
import type { Preset, Provider } from "./provider";

type Wanted = components["schemas"]["NewProvider"];
type Timeouts = Provider["timeouts"];
export type Phase = keyof Timeouts;
export const PHASES: readonly Phase[] = ["connect_s", "first_byte_s", "between_bytes_s", "total_s"];

// A key of the provider: `hint` is of one that it has already.
export interface KeyRow {
  hint: string;
  value: string;
}

export interface Pair {
  id: number;
  name: string;
  value: string;
  hint: string;
}

export interface FormValues {
  name: string;
  kind: string;
  baseUrl: string;
  isLocked: boolean;
  keys: KeyRow[];
  headers: Pair[];
  mapping: Pair[];
  allowed: string[];
  models: string[];
  operations: string[];
  timeouts: Partial<Timeouts>;
  hangUp: Provider["on_disconnect"];
  probe: boolean;
  probeModel: string;
  reportKey: string;
  comment: string;
  enabled: boolean;
}

export const MAX_KEYS = 7;

let lastPair = 0;

export function newPair(name = "", value = "", hint = ""): Pair {
  lastPair += 1;
  return { id: lastPair, name, value, hint };
}

export function isTemplate(url: string): boolean {
  return /\{[^}]+\}/.test(url);
}

export function valuesOfPreset(preset: Preset): FormValues {
  return {
    name: preset.name === "openai-compatible" ? "" : preset.name,
    kind: preset.name,
    baseUrl: preset.base_url,
    isLocked: preset.base_url !== "" && !isTemplate(preset.base_url) && !preset.local,
    keys: [{ hint: "", value: "" }],
    headers: [],
    mapping: [],
    allowed: [],
    models: [],
    operations: [],
    timeouts: {},
    hangUp: "cancel",
    probe: false,
    probeModel: "",
    reportKey: "",
    comment: "",
    enabled: true,
  };
}

export function valuesOfProvider(provider: Provider): FormValues {
  const { secrets } = provider;
  const keys = Object.entries(secrets).filter(([field]) => field === "api_key" || field.startsWith("api_keys."));
  const headers = Object.entries(secrets).filter(([field]) => field.startsWith("headers."));
  return {
    name: provider.name,
    kind: provider.kind,
    baseUrl: provider.base_url,
    isLocked: true,
    keys: keys.length > 0 ? keys.map(([, hint]) => ({ hint, value: "" })) : [{ hint: "", value: "" }],
    headers: headers.map(([field, hint]) => newPair(field.slice("headers.".length), "", hint)),
    mapping: Object.entries(provider.model_mapping).map(([from, to]) => newPair(from, to)),
    allowed: provider.allowed_models,
    models: provider.listed_models,
    operations: provider.operations,
    timeouts: provider.timeouts,
    hangUp: provider.on_disconnect,
    probe: provider.quota_probe,
    probeModel: provider.quota_probe_model,
    reportKey: "",
    comment: provider.comment,
    enabled: provider.enabled,
  };
}

// A provider to be made, in the API's words: only what somebody has said.
export function bodyOfNew(values: FormValues): Wanted {
  const [first, ...others] = values.keys.map((one) => one.value.trim()).filter(Boolean);
  const { probeModel, timeouts } = values;
  return {
    name: values.name.trim(),
    provider_type: values.kind,
    ...(values.baseUrl.trim() && !values.isLocked ? { base_url: values.baseUrl.trim() } : {}),
    ...(first ? { api_key: first } : {}),
    ...(others.length > 0 ? { api_keys: others } : {}),
    ...(values.headers.length > 0 ? { headers: tableOf(values.headers) } : {}),
    ...(values.mapping.length > 0 ? { model_mapping: tableOf(values.mapping) } : {}),
    ...(values.allowed.length > 0 ? { allowed_models: values.allowed } : {}),
    ...(values.models.length > 0 ? { models: values.models } : {}),
    ...(values.operations.length > 0 ? { operations: values.operations } : {}),
    ...(Object.keys(timeouts).length > 0 ? { timeouts } : {}),
    ...(values.hangUp === "drain" ? { on_disconnect: values.hangUp } : {}),
    ...(values.probe
      ? { quota_probe: true, ...(probeModel.trim() ? { quota_probe_model: probeModel.trim() } : {}) }
      : {}),
    ...(values.reportKey ? { report_key: values.reportKey } : {}),
    ...(values.comment ? { comment: values.comment } : {}),
    enabled: values.enabled,
  };
}

type Changed = components["schemas"]["ChangedProvider"];

// What has changed of a provider. Its keys are told by place, so that a blank one stays what it is.
export function bodyOfChange(provider: Provider, values: FormValues): Changed {
  const before = valuesOfProvider(provider);
  const differs = (name: keyof FormValues) => JSON.stringify(before[name]) !== JSON.stringify(values[name]);
  const body: Changed = {};
  if (values.baseUrl !== before.baseUrl) body.base_url = values.baseUrl.trim();
  if (differs("keys")) Object.assign(body, keysOf(provider, values.keys));
  if (differsIn(before.headers, values.headers)) body.headers = tableOf(values.headers);
  if (differsIn(before.mapping, values.mapping)) body.model_mapping = tableOf(values.mapping);
  if (differs("allowed")) body.allowed_models = values.allowed;
  if (differs("models")) body.models = values.models;
  if (differs("operations")) body.operations = values.operations;
  if (differs("timeouts")) body.timeouts = values.timeouts;
  if (differs("hangUp")) body.on_disconnect = values.hangUp;
  if (differs("probe") || differs("probeModel")) {
    body.quota_probe = values.probe;
    body.quota_probe_model = values.probe && values.probeModel.trim() ? values.probeModel.trim() : null;
  }
  if (values.reportKey) body.report_key = values.reportKey;
  if (differs("comment")) body.comment = values.comment;
  return body;
}

function keysOf(provider: Provider, rows: readonly KeyRow[]): Changed {
  const said = rows.filter((row) => row.hint !== "" || row.value.trim() !== "").map((row) => row.value.trim());
  const [first, ...others] = said;
  if (!("api_key" in provider.secrets) && "api_keys.0" in provider.secrets) return { api_keys: said };
  return {
    api_key: first ?? null,
    ...(others.length > 0 || "api_keys.0" in provider.secrets ? { api_keys: others } : {}),
  };
}

function differsIn(before: readonly Pair[], after: readonly Pair[]): boolean {
  return JSON.stringify(tableOf(before)) !== JSON.stringify(tableOf(after));
}

function tableOf(pairs: readonly Pair[]): Record<string, string> {
  const said = pairs.filter((pair) => pair.name.trim() !== "");
  return Object.fromEntries(said.map((pair) => [pair.name.trim(), pair.value]));
}
