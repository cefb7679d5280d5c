/**
 * The panel's client for the main site. One file, no dependency, Node 18 or newer: copy it into your project.
 *
 *     import panel from "./ospab-vps-sync";
 *     const order = { user_id: 5, name: "web-01", cpu: 4, ram: 8, disk: 100, os: "Debian 12" };
 *     const { vps } = await panel.createVPS(order);
 *     await panel.updateVPSStatus(vps.id, "running");
 *
 * The ready-made `panel` reads OSPAB_PANEL_URL and VPS_SYNC_API_KEY when it makes its first call. Every failure is a
 * PanelError with the panel's own sentence. What may pass by itself is tried again, under the same Idempotency-Key, so
 * that the panel does it once however often it is sent.
 */

import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";

// The words of both sides

export type VpsStatus = "creating" | "running" | "stopped" | "suspended" | "error";
export type Hypervisor = "proxmox" | "vmware" | "hyperv" | "kvm" | "xen";
/** The words that are known, and any text: what a database gives is a string to the compiler. */
type Or<Known extends string> = Known | (string & Record<never, never>);
/** RFC 3339 with an offset, or a Date. */
export type Time = Date | string;

/** Which guest of which cluster the VPS is. */
export interface Placement {
  cluster: string;
  node: string;
  vmid: number;
  kind: "qemu" | "lxc";
  /** A new machine stands there for the same customer, as after a reinstall. */
  replaced?: boolean | undefined;
}

/** A row of the panel's table: ram in MB, disk in GB, times in RFC 3339 and UTC. */
export interface Vps {
  id: number;
  external_id?: string | null;
  user_id: number;
  name: string;
  status: VpsStatus;
  ip_address: string | null;
  cpu: number;
  ram: number;
  disk: number;
  os: string;
  hypervisor: Hypervisor;
  created_at: string;
  updated_at: string;
}

/** What may be said of a VPS. `ram` is in GB; a size that must be told in MB goes into `ram_mb` instead. */
export interface VpsChanges {
  user_id?: number | undefined;
  name?: string | undefined;
  status?: Or<VpsStatus> | undefined;
  ip_address?: string | null | undefined;
  cpu?: number | undefined;
  ram?: number | undefined;
  ram_mb?: number | undefined;
  disk?: number | undefined;
  os?: string | undefined;
  hypervisor?: Or<Hypervisor> | undefined;
  external_id?: string | undefined;
  placement?: Placement | undefined;
}

/** A VPS to create. */
export type NewVps = VpsChanges & { user_id: number; name: string; cpu: number; disk: number; os: string } & (
    | { ram: number; ram_mb?: undefined }
    | { ram?: undefined; ram_mb: number }
  );

/** The panel's number of a VPS or user, or your own. */
export type Which = number | { id?: number | undefined; external_id?: string | undefined };

/** `id` repeats `vps.id`, for callers of the first client, which gave the row itself. */
export interface Synced {
  status: "success";
  message: string;
  vps: Vps;
  id: number;
  /** false: an update that is newer was there before this one, and nothing was changed. */
  applied?: boolean;
  already_deleted?: boolean;
  warnings?: string[];
}

export interface CallOptions {
  /** Yours, such as `order-17`, lasts over a restart of your program; without one each call gets a key of its own. */
  idempotencyKey?: string | undefined;
}

export interface SyncOptions extends CallOptions {
  /**
   * When it happened on your side: an update that arrives after a newer one changes nothing. An update without it
   * carries the time of the call, unless you give the key: a key stands for one body, which must not change by itself.
   * null sends none.
   */
  occurredAt?: Time | null | undefined;
}

export type Operation =
  | { action: "create"; vps: NewVps; occurred_at?: Time | null }
  | { action: "update"; vps: VpsChanges & { id?: number }; occurred_at?: Time | null }
  | { action: "delete"; vps: { id?: number; external_id?: string } };

export type BatchResult =
  | { index: number; status: "success"; vps: Vps; applied?: boolean; already_deleted?: boolean; warnings?: string[] }
  | { index: number; status: "error"; code: string; message: string; errors?: FieldErrors };

export interface BatchAnswer {
  status: "success" | "partial" | "error";
  results: BatchResult[];
}

export interface BatchOptions extends CallOptions {
  /** All or nothing, which one call alone can promise: 10,000 operations at most. */
  atomic?: boolean | undefined;
}

export interface NewUser {
  external_id: string;
  username: string;
  email: string;
  first_name?: string | undefined;
  last_name?: string | undefined;
}

export type UserChanges = Partial<NewUser> & { is_active?: boolean | undefined };

export interface User {
  id: number;
  external_id: string | null;
  username: string;
  email: string;
  first_name: string;
  last_name: string;
  is_active: boolean;
  created_at: string;
}

export interface SyncedUser {
  status: "success";
  message: string;
  user: User;
  already_inactive?: boolean;
  warnings?: string[];
}

export interface LoginLink {
  status: "success";
  url: string;
  expires_at: string;
}

/** What happened in the panel. `id` is its place in the feed. */
export interface PanelEvent {
  id: number;
  type: string;
  created_at: string;
  vps_id: number | null;
  user_id: number | null;
  operation_id: number | null;
  source: "sync" | "page" | "api" | "admin" | "system";
  by: { id: number | null; username: string } | null;
  data: Record<string, unknown>;
}

/** The body of a webhook: an event, and the VPS as it was when the body was made. */
export interface WebhookEvent {
  type: string;
  timestamp: string;
  data: PanelEvent & { vps: Vps | null };
}

export type FieldErrors = Record<string, string[]>;

/** What can be known of a failure. */
export interface Failure {
  /** The HTTP status; 0 where there was no answer, or nothing was sent. */
  status: number;
  /** The panel's stable word, or one of ours: network_error, timeout, invalid_answer, redirected, not_configured. */
  code: string;
  errors?: FieldErrors | undefined;
  /** What the panel's log calls this request. */
  requestId?: string | undefined;
  /** Seconds after which the panel would have it again. */
  retryAfter?: number | undefined;
  /** Of `cursor_from_the_future`: the event after which to go on. */
  last?: number | undefined;
  cause?: unknown;
}

export class PanelError extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldErrors;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly last: number | undefined;
  /** Of a batch in several calls: what the calls before the one that failed have done. */
  results: BatchResult[] = [];

  constructor(message: string, failure: Failure) {
    super(message);
    this.name = "PanelError";
    this.status = failure.status;
    this.code = failure.code;
    this.errors = failure.errors ?? {};
    this.requestId = failure.requestId;
    this.retryAfter = failure.retryAfter;
    this.last = failure.last;
    if (failure.cause !== undefined) Object.defineProperty(this, "cause", { value: failure.cause, configurable: true });
  }
}

/** A webhook that is not to be believed. */
export class WebhookError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WebhookError";
  }
}

// The client

export interface PanelOptions {
  /** The panel's address; OSPAB_PANEL_URL where it is left out. */
  url?: string | undefined;
  /** VPS_SYNC_API_KEY where it is left out. */
  apiKey?: string | undefined;
  /** The limit of one try, 10,000; a batch has a minute at least. */
  timeoutMs?: number | undefined;
  /** How many tries may follow the first: 5. */
  retries?: number | undefined;
  /** The longest pause before the second try, 500; it doubles with each, up to 10 s. */
  backoffMs?: number | undefined;
  fetch?: typeof fetch | undefined;
}

const LONGEST_PAUSE_MS = 10_000;
// A panel that wants to be left alone for longer is for the caller's queue to come back to.
const LONGEST_RETRY_AFTER_S = 60;
const BATCH_TIMEOUT_MS = 60_000;
const MOST_OPERATIONS = 10_000;
// The panel takes 16 MiB; the rest is for what stands around the operations.
const MOST_BYTES = 15 * 1024 * 1024;
const VISIBLE = /^[\x21-\x7e]+$/;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const NEW = { status: "creating", hypervisor: "proxmox" };
const SIZES = ["cpu", "disk"] as const;
const WORDS = ["name", "status", "ip_address", "os", "hypervisor"] as const;
const COLUMNS = ["user_id", ...WORDS, ...SIZES, "external_id", "placement"] as const;

interface Prepared {
  method: string;
  headers: Record<string, string>;
  body?: string;
}

interface Call {
  idempotencyKey?: string | undefined;
  timeoutMs?: number | undefined;
}

export class OspabPanel {
  // Private to the language, so that no log of this object shows the key.
  readonly #options: PanelOptions;

  constructor(options: PanelOptions = {}) {
    this.#options = options;
  }

  /** Once for each key, and with an `external_id` once for ever. */
  async createVPS(vps: NewVps, options: SyncOptions = {}): Promise<Synced> {
    return this.#sync({ action: "create", vps, occurred_at: options.occurredAt ?? null }, options);
  }

  async updateVPS(which: Which, changes: VpsChanges, options: SyncOptions = {}): Promise<Synced> {
    const vps = { ...changes, ...named(which) };
    return this.#sync({ action: "update", vps, ...whenGiven(options.occurredAt) }, options);
  }

  async updateVPSStatus(which: Which, status: Or<VpsStatus>, options: SyncOptions = {}): Promise<Synced> {
    return this.updateVPS(which, { status }, options);
  }

  /** Of what is deleted already: succeeds too, with `already_deleted`. */
  async deleteVPS(which: Which, options: CallOptions = {}): Promise<Synced> {
    return this.#sync({ action: "delete", vps: named(which) }, options);
  }

  /** In order. More than 10,000 go in several calls; a failure of one of these has the earlier ones' `results`. */
  async batch(operations: readonly Operation[], options: BatchOptions = {}): Promise<BatchAnswer> {
    const parts = inParts(operations.map((operation) => asSent(operation, options.idempotencyKey)));
    if (options.atomic && parts.length > 1) throw refused("operations", "An atomic batch must fit into one call.");
    const results: BatchResult[] = [];
    for (const [at, part] of parts.entries()) {
      const call = { idempotencyKey: partOf(options.idempotencyKey, at, parts.length), timeoutMs: BATCH_TIMEOUT_MS };
      const sent = { operations: part, ...(options.atomic ? { atomic: true } : {}) };
      try {
        const answer = await this.#call<BatchAnswer>("POST", "/api/vps/sync/batch", sent, call);
        const before = results.length;
        for (const result of answer.results) results.push({ ...result, index: before + result.index });
      } catch (error) {
        if (error instanceof PanelError) error.results = results;
        throw error;
      }
    }
    return { status: overall(results), results };
  }

  /** Every VPS that the panel holds, in the order of their ids, fetched a page at a time. */
  listVPS(
    options: { updatedSince?: Time | undefined; after?: number | undefined; limit?: number | undefined } = {},
  ): AsyncGenerator<Vps, void, undefined> {
    const { updatedSince, after, limit } = options;
    const asked = query({ after, limit, updated_since: updatedSince && rfc3339(updatedSince) });
    return this.#pages<Vps>(`/api/vps/sync${asked}`, "vps");
  }

  /** How many VPSs the panel holds, and their fingerprint: see `digestOf`. */
  async digest(): Promise<{ count: number; digest: string }> {
    const { count, digest } = await this.#call<{ count: number; digest: string }>("GET", "/api/vps/sync?digest=1");
    return { count, digest };
  }

  /** With an `external_id` that is there: the user that is there. */
  async createUser(user: NewUser, options: CallOptions = {}): Promise<SyncedUser> {
    return this.#call("POST", "/api/users/sync", { action: "create", user }, options);
  }

  async updateUser(which: Which, changes: UserChanges, options: CallOptions = {}): Promise<SyncedUser> {
    return this.#call("POST", "/api/users/sync", { action: "update", user: { ...changes, ...named(which) } }, options);
  }

  /** Ends the user's sessions and tokens at once. */
  async deactivateUser(which: Which, options: CallOptions = {}): Promise<SyncedUser> {
    return this.#call("POST", "/api/users/sync", { action: "deactivate", user: named(which) }, options);
  }

  /** A link that logs this user in, once, within 60 s. `next` is the panel's page to go to. Send it to nobody else. */
  async loginLink(userId: number, next?: string, options: CallOptions = {}): Promise<LoginLink> {
    const path = `/api/users/${encodeURIComponent(userId)}/login-link`;
    return this.#call("POST", path, next === undefined ? {} : { next }, options);
  }

  /**
   * What happened after the event of this id, in order, up to now. Keep the last one's id and ask again with it.
   * `cursor_from_the_future`: the panel was restored from an older copy. Compare what both sides hold (`digest`, `listVPS`),
   * then go on from the error's `last`.
   */
  events(
    after = 0,
    options: { types?: readonly string[] | undefined; limit?: number | undefined } = {},
  ): AsyncGenerator<PanelEvent, void, undefined> {
    const asked = query({ after, limit: options.limit, type: options.types?.join(",") });
    return this.#pages<PanelEvent>(`/api/events${asked}`, "events");
  }

  async #sync(operation: Operation, options: CallOptions): Promise<Synced> {
    const sent = asSent(operation, options.idempotencyKey);
    const answer = await this.#call<Synced>("POST", "/api/vps/sync", sent, options);
    return { ...answer, id: answer.vps.id };
  }

  async *#pages<Row>(path: string, rows: string): AsyncGenerator<Row, void, undefined> {
    let next: string | null = path;
    while (next !== null) {
      const page: Record<string, unknown> = await this.#call<Record<string, unknown>>("GET", next);
      yield* page[rows] as Row[];
      next = typeof page["next"] === "string" ? page["next"] : null;
    }
  }

  async #call<Answer>(method: "GET" | "POST", path: string, said?: unknown, call: Call = {}): Promise<Answer> {
    const { url, apiKey } = this.#access();
    // The address of a next page comes from an answer, and must not lead the key to another host.
    if (!path.startsWith("/")) throw new PanelError("The panel named another host's page.", unsent("invalid_answer"));
    const headers: Record<string, string> = { "X-API-Key": apiKey, "X-Request-ID": randomUUID() };
    if (method === "POST") {
      headers["Content-Type"] = "application/json";
      headers["Idempotency-Key"] = checkedKey(call.idempotencyKey);
    }
    const request = { method, headers, ...(said === undefined ? {} : { body: JSON.stringify(said) }) };
    const timeoutMs = Math.max(this.#options.timeoutMs ?? 10_000, call.timeoutMs ?? 0);
    for (let tries = 1; ; tries++) {
      try {
        return (await this.#once(url + path, request, timeoutMs)) as Answer;
      } catch (error) {
        const pause = this.#pauseAfter(error, tries);
        if (pause === undefined) throw error;
        await new Promise((wake) => setTimeout(wake, pause));
      }
    }
  }

  /** Read at each call: an environment is often filled after the modules have been loaded. */
  #access(): { url: string; apiKey: string } {
    const url = this.#options.url ?? process.env["OSPAB_PANEL_URL"] ?? "";
    const apiKey = this.#options.apiKey ?? process.env["VPS_SYNC_API_KEY"] ?? "";
    if (!isAddress(url)) throw notConfigured("OSPAB_PANEL_URL must be an address such as https://panel.example.com.");
    if (!VISIBLE.test(apiKey)) throw notConfigured("VPS_SYNC_API_KEY must be the panel's key, with no spaces in it.");
    return { url: url.replace(/\/+$/, ""), apiKey };
  }

  async #once(url: string, request: Prepared, timeoutMs: number): Promise<unknown> {
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(), timeoutMs);
    const requestId = request.headers["X-Request-ID"];
    try {
      const send = this.#options.fetch ?? fetch;
      const response = await send(url, { ...request, redirect: "manual", signal: clock.signal });
      return answerOf(response, await response.text(), requestId);
    } catch (error) {
      if (error instanceof PanelError) throw error;
      throw clock.signal.aborted ? tooLate(timeoutMs, requestId) : unreachable(error, requestId);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Milliseconds, or undefined where another try would be of no use. A random part keeps many clients apart. */
  #pauseAfter(error: unknown, tries: number): number | undefined {
    if (!(error instanceof PanelError) || !passes(error) || tries > (this.#options.retries ?? 5)) return undefined;
    const asked = error.retryAfter ?? 0;
    if (asked > LONGEST_RETRY_AFTER_S) return undefined;
    const longest = Math.min(LONGEST_PAUSE_MS, (this.#options.backoffMs ?? 500) * 2 ** (tries - 1));
    return asked * 1000 + Math.random() * longest;
  }
}

/** Whether the same request may yet succeed. Safe for a POST too: its key makes a repeat the same as the first. */
function passes(error: PanelError): boolean {
  const { status, code } = error;
  return code === "network_error" || code === "timeout" || code === "request_in_progress" || PASSING.has(status);
}

// What is sent

function named(which: Which): { id?: number; external_id?: string } {
  const { id, external_id } = typeof which === "object" ? which : { id: which, external_id: undefined };
  return { ...(id === undefined ? {} : { id }), ...(external_id === undefined ? {} : { external_id }) };
}

function whenGiven(time: Time | null | undefined): { occurred_at?: Time | null } {
  return time === undefined ? {} : { occurred_at: time };
}

/** The operation as the wire has it: known columns alone, for what else a caller's object holds is not the panel's. */
function asSent(operation: Operation, key: string | undefined): Record<string, unknown> {
  const { action } = operation;
  if (action === "delete") return { action, vps: named(operation.vps) };
  const given: VpsChanges & { id?: number } = operation.vps;
  const columns: Record<string, unknown> = action === "create" ? { ...NEW } : named(given);
  for (const name of COLUMNS) if (given[name] !== undefined) columns[name] = given[name];
  const ram = inMegabytes(given);
  if (ram !== undefined) columns["ram"] = ram;
  const isTimed = action === "update" && operation.occurred_at === undefined && key === undefined;
  const time = isTimed ? new Date() : operation.occurred_at;
  return { action, vps: columns, ...(time ? { occurred_at: rfc3339(time) } : {}) };
}

function inMegabytes({ ram, ram_mb }: { ram?: number | undefined; ram_mb?: number | undefined }): number | undefined {
  if (ram === undefined) return ram_mb;
  if (ram_mb !== undefined) throw refused("ram", "Give ram, in GB, or ram_mb, not both.");
  if (typeof ram !== "number" || !Number.isInteger(ram * 1024)) throw refused("ram", "ram must be a number, of GB.");
  // A plan of 1 GB is common, and one of 1,024 GB is not: it says so by ram_mb.
  if (ram < 1024) return ram * 1024;
  throw refused("ram", `ram is in GB, and ${ram} looks like MB: give ram: ${ram / 1024}, or ram_mb: ${ram}.`);
}

function rfc3339(time: Time): string {
  return typeof time === "string" ? time : time.toISOString();
}

function query(asked: Record<string, string | number | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) given.set(name, String(value));
  return String(given) && `?${given}`;
}

function checkedKey(key: string = randomUUID()): string {
  if (VISIBLE.test(key) && key.length <= 255) return key;
  throw new PanelError("An idempotency key is 1 to 255 visible ASCII characters.", unsent("invalid_idempotency_key"));
}

function inParts(operations: Record<string, unknown>[]): Record<string, unknown>[][] {
  let part: Record<string, unknown>[] = [];
  let bytes = 0;
  const parts = [part];
  for (const operation of operations) {
    const size = Buffer.byteLength(JSON.stringify(operation)) + 1;
    if (part.length === MOST_OPERATIONS || (part.length > 0 && bytes + size > MOST_BYTES)) {
      parts.push((part = []));
      bytes = 0;
    }
    part.push(operation);
    bytes += size;
  }
  return parts;
}

function partOf(key: string | undefined, at: number, count: number): string | undefined {
  return key === undefined || count === 1 ? key : `${key}-${at + 1}`;
}

function overall(results: readonly BatchResult[]): BatchAnswer["status"] {
  const succeeded = results.filter((result) => result.status === "success").length;
  if (succeeded === results.length) return "success";
  return succeeded === 0 ? "error" : "partial";
}

function isAddress(url: string): boolean {
  try {
    const { protocol, username, password, search, hash } = new URL(url);
    return /^https?:$/.test(protocol) && !(username || password || search || hash);
  } catch {
    return false;
  }
}

// What comes back

function answerOf(response: Response, text: string, sentId: string | undefined): unknown {
  const requestId = response.headers.get("x-request-id") ?? sentId;
  if (isRedirect(response)) throw redirected(response, requestId);
  const said = parsed(text);
  // Every answer of the panel has a status; JSON without one is another program's.
  if (response.ok && typeof said?.["status"] === "string") return said;
  const { message, code, errors, last } = said ?? {};
  throw new PanelError(typeof message === "string" ? message : unreadable(response), {
    status: response.status,
    code: typeof code === "string" ? code : "invalid_answer",
    errors: errors as FieldErrors | undefined,
    requestId,
    retryAfter: seconds(response.headers.get("retry-after")),
    last: typeof last === "number" ? last : undefined,
  });
}

function isRedirect({ type, status }: Response): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const said: unknown = JSON.parse(text);
    const isObject = typeof said === "object" && said !== null && !Array.isArray(said);
    return isObject ? (said as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(response: Response): string {
  const type = response.headers.get("content-type") ?? "no content type";
  return `The answer (HTTP ${response.status}, ${type}) is not the panel's JSON. Is OSPAB_PANEL_URL right?`;
}

function redirected(response: Response, requestId: string | undefined): PanelError {
  const sentence = "The panel's address redirects elsewhere, which is not followed. Is OSPAB_PANEL_URL right?";
  return new PanelError(sentence, { status: response.status, code: "redirected", requestId });
}

function tooLate(timeoutMs: number, requestId: string | undefined): PanelError {
  return new PanelError(`The panel did not answer within ${timeoutMs / 1000} s.`, { ...unsent("timeout"), requestId });
}

function unreachable(cause: unknown, requestId: string | undefined): PanelError {
  const inner = (cause as { cause?: { code?: unknown } }).cause?.code;
  const why = typeof inner === "string" ? ` (${inner})` : "";
  return new PanelError(`The panel cannot be reached${why}.`, { ...unsent("network_error"), requestId, cause });
}

function refused(field: string, sentence: string): PanelError {
  return new PanelError(sentence, { ...unsent("invalid"), errors: { [field]: [sentence] } });
}

function notConfigured(sentence: string): PanelError {
  return new PanelError(sentence, unsent("not_configured"));
}

function unsent(code: string): Failure {
  return { status: 0, code };
}

/** Of a Retry-After, which is a number of seconds or a date. */
function seconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  const given = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(given) ? Math.max(0, given) : undefined;
}

// Agreement

/** A row as `digestOf` wants it: what you hold of a VPS, `id` being the panel's and `ram` in MB. */
export type DigestRow = Pick<Vps, "id" | "user_id" | "name" | "cpu" | "ram" | "disk" | "external_id"> & {
  status: Or<VpsStatus>;
  os: string;
  hypervisor: Or<Hypervisor>;
};

/**
 * What `digest()` says where both sides hold the same. Running and stopped count as the same, `active`: the hypervisor
 * moves a VPS between them. Deleted ones are left out.
 */
export function digestOf(rows: Iterable<DigestRow>): string {
  const hash = createHash("sha256");
  for (const row of [...rows].sort((one, other) => one.id - other.id)) hash.update(lineOf(row), "utf8");
  return hash.digest("hex");
}

function lineOf(row: DigestRow): string {
  const state = row.status === "running" || row.status === "stopped" ? "active" : row.status;
  const { id, external_id, user_id, name, cpu, ram, disk, os, hypervisor } = row;
  return `${[id, external_id ?? "", user_id, name, state, cpu, ram, disk, os, hypervisor].join("\t")}\n`;
}

// Webhooks

export type WebhookHeaders = { get(name: string): string | null } | Record<string, string | string[] | undefined>;

export interface WebhookOptions {
  /** How far the webhook's time may be from ours: 300. */
  toleranceSeconds?: number | undefined;
  /** Instead of the clock's time. */
  now?: Date | undefined;
}

const WEBHOOK_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/**
 * The event of a webhook whose signature is right and whose time is near; otherwise a WebhookError. `payload` is the
 * body as it came, before any parsing. Give both secrets while one takes over from the other. The same event may come
 * twice: its `data.id` tells.
 */
export function verifyWebhook(
  payload: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: WebhookOptions = {},
): WebhookEvent {
  const [id, timestamp, signatures] = WEBHOOK_HEADERS.map((name) => header(headers, name));
  if (!id || !timestamp || !signatures) throw new WebhookError("A webhook header is missing.");
  refuseFarFromNow(timestamp, options);
  const body = Buffer.from(payload as Uint8Array);
  const keys = (typeof secret === "string" ? [secret] : secret).map(keyOf);
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const expected = keys.map((key) => createHmac("sha256", key).update(signed).digest());
  const isSigned = signatures.split(" ").some((given) => isOneOf(given, expected));
  if (!isSigned) throw new WebhookError("No signature of the webhook is right.");
  const event = parsed(body.toString("utf8"));
  if (!event) throw new WebhookError("The webhook's body is not a JSON object.");
  return event as unknown as WebhookEvent;
}

function header(headers: WebhookHeaders, name: string): string | undefined {
  if (typeof headers.get === "function") return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
  return Array.isArray(found) ? found.join(" ") : (found as string | undefined);
}

function refuseFarFromNow(timestamp: string, { now = new Date(), toleranceSeconds = 300 }: WebhookOptions): void {
  const away = /^\d{1,12}$/.test(timestamp) ? Math.abs(now.getTime() / 1000 - Number(timestamp)) : Infinity;
  if (!(away <= toleranceSeconds)) throw new WebhookError("The webhook's time is too far from now.");
}

function keyOf(secret: string): Buffer {
  const base64 = secret.replace(/^whsec_/, "");
  // Node reads what is no base64 as a shorter key, and of nothing makes a key that anybody has.
  if (!/^[A-Za-z0-9+/]{22,}={0,2}$/.test(base64)) throw new WebhookError("A webhook secret is whsec_ and base64.");
  return Buffer.from(base64, "base64");
}

function isOneOf(signature: string, expected: readonly Buffer[]): boolean {
  if (!signature.startsWith("v1,")) return false;
  const given = Buffer.from(signature.slice(3), "base64");
  return expected.filter((right) => given.length === right.length && timingSafeEqual(given, right)).length > 0;
}

export default new OspabPanel();
