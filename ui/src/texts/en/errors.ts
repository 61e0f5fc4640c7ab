// Errors in words, by their codes: what happened, and what to do. The codes and what they mean are those of docs/errors.md.
import { textsOf } from "../catalogue";

export const errors = textsOf("errors", {
  invalid_request: { what: "A field has a value that cannot be used; param names it.", todo: "Correct the field." },
  invalid_json: { what: "The body is not one JSON object, or names a field twice.", todo: "Send one JSON object." },
  missing_model: { what: "The body names no model.", todo: 'Add “model”: "provider/model".' },
  previous_response_not_found: {
    what: "The response to go on from is older than a day, was not stored, or is another team's.",
    todo: "Send the whole conversation.",
  },
  threads_not_kept: {
    what: "A Messages request has a thread; the gateway keeps none.",
    todo: "Send the whole conversation; the SDK for Node does so by itself.",
  },
  input_unbounded: {
    what: "Under a hard limit the request has a part whose size nobody knows beforehand (a file by its address or id, a tool that the provider runs, …), and unbounded_input is deny.",
    todo: "Send the file inside the request, leave the part out, or ask for unbounded_input = “allow”.",
  },
  guardrail_refused: {
    what: "A guardrail or hook does not let the request, or its answer, through; the message names it.",
    todo: "Leave out what it says, or ask the operator.",
  },
  nested_too_deeply: { what: "The JSON is nested deeper than any client writes.", todo: "Flatten it." },
  malformed_http: {
    what: "The bytes are not HTTP/1.x, or two programs could read them differently (both length headers, a bare line feed, a folded header). The connection is closed.",
    todo: "Use an HTTP client, or mend the proxy in front.",
  },
  missing_api_key: { what: "No key was sent.", todo: "Authorization: Bearer <key>" },
  invalid_api_key: {
    what: "The key is not one of this gateway's.",
    todo: "Check for a cut-off copy; torod keys list shows beginnings and ends.",
  },
  expired_api_key: { what: "The key, or one it descends from, is past its end.", todo: "Ask for a new one." },
  disabled_api_key: {
    what: "The key, or one it descends from, was switched off or revoked.",
    todo: "Ask whoever runs the gateway.",
  },
  address_not_allowed: {
    what: "The key may not be used from this address.",
    todo: "Use it from where it may, or have its allowed_ips changed; behind a proxy of yours, set trusted_proxies.",
  },
  https_required: {
    what: "A key was sent over plain HTTP to a gateway that serves HTTPS.",
    todo: "Write https:// in the address; replace the key if others could read the network.",
  },
  role_not_allowed: {
    what: "The key's role does not reach this far.",
    todo: "Use a key with the role that the message names.",
  },
  model_not_allowed: { what: "The key may not use this model.", todo: "GET /v1/models lists what it may use." },
  model_unpriced: {
    what: "Nobody has said what the model costs, and this key may not use such: a policy, or a limit of costs that could not count it.",
    todo: "Ask for a price, or for allow_unpriced.",
  },
  passthrough_denied: {
    what: "The key, its limits or the provider do not let a raw request through.",
    todo: "See files-and-media.md.",
  },
  model_not_found: {
    what: "No provider offers this model, or the provider is disabled.",
    todo: "GET /v1/models lists what there is.",
  },
  not_found: {
    what: "Nothing of yours has this id: no file, batch or stored thing. Whether somebody else's has is not told.",
    todo: "Check the id, and the key: what lies at a provider belongs to a team.",
  },
  path_not_found: { what: "There is nothing at this path.", todo: "/docs lists the paths." },
  method_not_allowed: {
    what: "The path exists, the method does not; Allow names those that do.",
    todo: "Use one of them.",
  },
  request_timeout: { what: "Head or body took too long to arrive.", todo: "Send it again." },
  idempotent_answer_not_kept: {
    what: "A request with this Idempotency-Key was sent before, and its answer is too long to be given again, or still on its way.",
    todo: "Send it with a new key if you want it asked again; see cache.md.",
  },
  body_too_large: {
    what: "The body is over max_body_bytes, as sent or after decompression.",
    todo: "Send less, or raise the setting.",
  },
  input_too_large: { what: "The input is larger than a guardrail lets through.", todo: "Send less." },
  unsupported_encoding: {
    what: "Content-Encoding is none of gzip, deflate, zstd, or the body is not in the encoding it names.",
    todo: "Send it plain.",
  },
  idempotency_key_reused: {
    what: "This Idempotency-Key came before with another request.",
    todo: "Use a new key for each request.",
  },
  upgrade_required: {
    what: "A WebSocket was asked for.",
    todo: "Use POST; clients that can do both do so by themselves.",
  },
  head_too_large: { what: "Request line and headers are over max_head_bytes.", todo: "Send smaller headers." },
  not_cached: { what: "only-if-cached was asked for, and no answer is kept.", todo: "Send it without." },
  rate_limit_exceeded: {
    what: "A rate or concurrency limit, and a bounded wait did not help.",
    todo: "Wait for Retry-After.",
  },
  quota_reserved: {
    what: "What is left of a quota is held by requests that are still running.",
    todo: "Wait for Retry-After; some of it usually comes back.",
  },
  insufficient_quota: {
    what: "Nothing is left until the window ends.",
    todo: "GET /v1/usage shows every limit of the key and when it resets.",
  },
  provider_error: { what: "The provider failed in a way that has no code of its own.", todo: "Try again." },
  provider_unreachable: {
    what: "No connection, or it broke before any byte of an answer.",
    todo: "Try again; the operator checks base_url and the network.",
  },
  provider_protocol_error: {
    what: "The provider's bytes are not what its protocol says (not HTTP, a redirect, a broken event).",
    todo: "The operator checks base_url.",
  },
  provider_credentials_rejected: {
    what: "The provider does not accept the operator's key.",
    todo: "The operator replaces it.",
  },
  provider_refused: {
    what: "The provider answered with an error; the message repeats its beginning.",
    todo: "As for that status.",
  },
  context_length_exceeded: {
    what: "The conversation is longer than the model's window, in the provider's words.",
    todo: "Shorten it; coding agents compact it by themselves.",
  },
  content_refused: {
    what: "The provider's rules forbid an answer to what the request says.",
    todo: "Say it otherwise; the operator can have such requests asked elsewhere.",
  },
  provider_slow: {
    what: "The beginning of a stream came more slowly than its alias allows, and no other place could be asked any more.",
    todo: "Try again.",
  },
  provider_cut: { what: "The answer ended before its end.", todo: "Try again; what was delivered is charged." },
  provider_timeout: {
    what: "The provider was silent for longer than its limits allow, or than the deadline_s of an alias; the message names the phase.",
    todo: "Try again, or raise the timeout.",
  },
  internal_error: {
    what: "A fault in the gateway.",
    todo: "The log has the details under the request id; please report it.",
  },
  hook_failed: {
    what: "A hook failed or took too long, and requests do not go on without it.",
    todo: "Try again; the operator finds its name in the log.",
  },
  control_plane_away: {
    what: "/docs, /metrics or an admin path was asked for while the control process starts. /v1 is not affected.",
    todo: "Try again in a second.",
  },
  counters_not_ready: {
    what: "The key has hard limits whose counters are being restored after a start.",
    todo: "Wait for Retry-After, about a second.",
  },
  journal_unavailable: {
    what: "The journal cannot be written (a full disk, usually), and what cannot be recorded is not spent.",
    todo: "The operator makes room, or sets on_journal_failure = “serve”.",
  },
  overloaded: {
    what: "Unfinished request bodies of all clients together fill the memory set aside for them (1 GiB).",
    todo: "Try again; if it happens often, lower max_body_bytes or look for clients that send and never finish.",
  },
  shutting_down: {
    what: "The gateway is draining before a stop.",
    todo: "Try again; a load balancer does so elsewhere.",
  },
});
