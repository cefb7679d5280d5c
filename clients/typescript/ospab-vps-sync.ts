/**
 * The panel's client for the main site. One file, no dependency, Node 18 or newer: copy it into your project.
 *
 *     import vpsSync from "./ospab-vps-sync";
 *     const vps = await vpsSync.createVPS({ user_id: 5, name: "web-01", cpu: 4, ram: 8, disk: 100, os: "Debian 12" });
 *     await vpsSync.updateVPSStatus(vps.id, "running");
 *     await vpsSync.deleteVPS(vps.id);
 *
 * createVPS, updateVPSStatus and deleteVPS give, throw and log what the panel's published service did; the rest stands
 * beside them. The ready-made object reads OSPAB_PANEL_URL and VPS_SYNC_API_KEY at each call. Every failure is a
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

/** Why a VPS is suspended, as its customer reads it. */
export interface Suspension {
  reason: "unpaid" | "abuse" | "staff" | "other";
  /** Up to 500 characters. */
  message?: string | undefined;
  /** The customer's button: https alone. */
  pay_url?: string | undefined;
  /** `stop`: the panel stops the machine, and gives back its power at the end. `keep`, where it is left out: it does not. */
  power?: "keep" | "stop" | undefined;
}

/** What a call has to tell beside the row, where there is something. Copies and JSON of a row have its columns alone. */
export interface Notes {
  /** false: an update that is newer was there before this one, and nothing was changed. */
  readonly applied?: false;
  /** The panel has done it before, under the same key: a try before this one, or a call of before. */
  readonly replayed?: true;
  /** What the panel took and wonders at. */
  readonly warnings?: readonly string[];
}

/** The row of a VPS after a call. */
export type SyncedVps = Vps & Notes;

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
  /** Beside the status `suspended`, or for what is suspended already; null says no more than that it is. */
  suspension?: Suspension | null | undefined;
}

/** A VPS to create. What else your object holds is not sent. */
export type NewVps = VpsChanges & { user_id: number; name: string; cpu: number; disk: number; os: string } & (
    | { ram: number; ram_mb?: undefined }
    | { ram?: undefined; ram_mb: number }
  );

/** The panel's number of a VPS or user, or your own. */
export type Which = number | { id?: number | undefined; external_id?: string | undefined };

/** The panel's whole answer to one operation. */
export interface Synced extends Notes {
  status: "success";
  message: string;
  vps: Vps;
  already_deleted?: true;
}

/** Something asked of a VPS that takes time. */
export interface PanelOperation {
  id: number;
  vps_id: number | null;
  kind: string;
  state: "queued" | "running" | "succeeded" | "failed";
  /** In percent. */
  progress: number;
  error: { code: string; message: string } | null;
  /** By username; null: the panel itself, or you. */
  requested_by: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

/** One VPS, and what the panel knows of it beside its row. */
export interface VpsDetails {
  status: "success";
  vps: Vps;
  /** Which guest it is, on the node where that was last seen; null where it is bound to none. */
  placement: { cluster: string; node: string; kind: "qemu" | "lxc"; vmid?: number; guest?: string } | null;
  /** What is seen of the guest: `power` is null where nobody sees it, and `reason` is the code of why. */
  observed: { power: "running" | "stopped" | "paused" | null; since: string | null; reason: string | null };
  /** null where it is not suspended; the `reason` in it is null where none was told. */
  suspension: KnownSuspension | null;
  /** The one that has not ended, or null. */
  operation: PanelOperation | null;
}

export interface KnownSuspension {
  reason: Suspension["reason"] | null;
  message: string | null;
  pay_url: string | null;
  power: "keep" | "stop";
  since: string | null;
}

export type Verb = "start" | "stop" | "restart" | "reboot";
export type Timeframe = "hour" | "day" | "week" | "month" | "year";

/** What a VPS uses: sizes in bytes, rates in bytes a second; null where it is not known. */
export interface VpsStats {
  status: "success";
  vps_id: number;
  stats: {
    /** The share of its cores, from 0 to 1. */
    cpu: number | null;
    ram: { used: number | null; total: number | null };
    disk: { used: number | null; total: number | null };
    rates: Record<string, number | null>;
    uptime_s: number | null;
    observed_at: string;
  } | null;
  /** Where a timeframe was asked for; while it is `pending`, ask again in a moment. */
  history?: { timeframe: Timeframe; state: string; points: Record<string, number | null>[]; fetched_at?: string };
}

export interface Asked {
  status: "success";
  message: string;
  operation: PanelOperation;
  vps: Vps;
  replayed?: true;
  warnings?: string[];
}

export interface CallOptions {
  /** Yours, such as `order-17`, lasts over a restart of your program; without one each call gets a key of its own. */
  idempotencyKey?: string | undefined;
}

export interface UpdateOptions extends CallOptions {
  /**
   * When it happened on your side: an update that arrives after a newer one changes nothing. An update without it
   * carries the time of the call, unless you give the key: a key stands for one body, which must not change by itself.
   * null sends none.
   */
  occurredAt?: Time | null | undefined;
}

export type Operation =
  | { action: "create"; vps: NewVps; occurred_at?: Time | null }
  | { action: "update"; vps: VpsChanges & { id?: number | undefined }; occurred_at?: Time | null }
  | { action: "delete"; vps: { id?: number | undefined; external_id?: string | undefined } };

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

export interface PowerOptions extends CallOptions {
  /** Of `stop`: at once, whatever the guest is at, and though another operation is open. */
  force?: boolean | undefined;
  /** The owner's number in the panel, where the owner has asked you: the operation is theirs by name. */
  onBehalfOf?: number | undefined;
}

/** A page at a time: `limit` is how many of these a page has. */
export interface Paging {
  after?: number | undefined;
  limit?: number | undefined;
}

/** All of these at once. */
export interface VpsFilter extends Paging {
  id?: number | undefined;
  externalId?: string | undefined;
  userId?: number | undefined;
  status?: VpsStatus | readonly VpsStatus[] | undefined;
  updatedSince?: Time | undefined;
}

/** All of these at once; e-mail and username in any case of letters. */
export interface UserFilter extends Paging {
  id?: number | undefined;
  externalId?: string | undefined;
  email?: string | undefined;
  username?: string | undefined;
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

/**
 * What to do after a failure. `passing`: the same again later, under the same key. `setup`: the address, the key or the
 * network between is wrong, so every call fails alike until somebody mends it. `refused`: this call is wrong, and another
 * one may do well.
 */
export type FailureKind = "passing" | "setup" | "refused";

/** What can be known of a failure. */
export interface Failure {
  /** The HTTP status; 0 where there was no answer, or nothing was sent: `kind` tells these apart. */
  status: number;
  /**
   * The panel's stable word, or one of ours. Without an answer: network_error, timeout. Of an answer that is not the
   * panel's: invalid_answer, redirected. Of what was not sent: not_configured, invalid, invalid_idempotency_key.
   */
  code: string;
  errors?: FieldErrors | undefined;
  /** What the panel's log calls this request. */
  requestId?: string | undefined;
  /** Seconds after which the panel would have it again. */
  retryAfter?: number | undefined;
  /** Of `cursor_from_the_future`: the event after which to go on. */
  last?: number | undefined;
  /** Of `operation_in_progress`: the one that is open. */
  operation?: PanelOperation | undefined;
  cause?: unknown;
}

export class PanelError extends Error {
  readonly status: number;
  readonly code: string;
  readonly kind: FailureKind;
  readonly errors: FieldErrors;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly last: number | undefined;
  readonly operation: PanelOperation | undefined;
  /** Of a batch in several calls: those of all operations before the call that failed. */
  results: BatchResult[] = [];

  constructor(message: string, failure: Failure) {
    super(message);
    this.name = "PanelError";
    this.status = failure.status;
    this.code = failure.code;
    this.kind = kindOf(failure);
    this.errors = failure.errors ?? {};
    this.requestId = failure.requestId;
    this.retryAfter = failure.retryAfter;
    this.last = failure.last;
    this.operation = failure.operation;
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
  /** Where the lines go that tell of VPSs created, changed and deleted: console.log; false for nowhere. */
  log?: ((line: string) => void) | false | undefined;
}

const LONGEST_PAUSE_MS = 10_000;
// A panel that wants to be left alone for longer is for the caller's queue to come back to.
const LONGEST_RETRY_AFTER_S = 60;
const BATCH_TIMEOUT_MS = 60_000;
const MOST_OPERATIONS = 10_000;
// The panel takes 16 MiB; the rest is for what stands around the operations.
const MOST_BYTES = 15 * 1024 * 1024;
// What a whole body is refused for, and one operation in it may be to blame for.
const BODY_CODES = new Set([
  ...["invalid_text", "too_deep", "too_many_values", "too_large", "duplicate_key", "not_finite", "invalid_json"],
]);
const VISIBLE = /^[\x21-\x7e]+$/;
const PASSING_CODES = new Set(["network_error", "timeout", "request_in_progress"]);
// What is said of the key, the address, or what stands between, and so of every call alike.
const SETUP_CODES = new Set([
  ...["not_configured", "redirected", "invalid_answer", "bad_request", "not_found", "method_not_allowed"],
  ...["invalid_api_key", "not_authenticated", "permission_denied"],
]);
const NEW = { status: "creating", hypervisor: "proxmox" };
const STATUSES: readonly unknown[] = ["creating", "running", "stopped", "suspended", "error"];
const LARGEST_ID = 2_147_483_647;
const BETWEEN_LOOKS_MS = 1000;
// Dots alone and slashes are rewritten on the way, and half a character has no encoding.
const NOT_IN_A_PATH = /^\.{1,2}$|[/\\\p{Cs}]/u;
const ADDRESSES = {
  vps: { one: "/api/vps/sync", list: "/api/vps/sync", rows: "vps" },
  user: { one: "/api/users", list: "/api/users/sync", rows: "users" },
};
const PREFIX = "[VPS Sync]";
const SIZES = ["cpu", "disk"] as const;
const WORDS = ["name", "status", "ip_address", "os", "hypervisor"] as const;
const COLUMNS = ["user_id", ...WORDS, ...SIZES, "external_id", "placement", "suspension"] as const;

interface Prepared {
  method: string;
  headers: Record<string, string>;
  body?: string;
}

/** What is logged of a call, before it and once it is done. */
interface Lines {
  before: string;
  after: (row: Vps) => string;
}

interface Call {
  idempotencyKey?: string | undefined;
  timeoutMs?: number | undefined;
}

/** An operation of a batch as it is sent, and where it stood. */
interface Row {
  index: number;
  sent: Record<string, unknown>;
  bytes: number;
}

/** What goes in one call. */
interface Part {
  key: string | undefined;
  rows: Row[];
}

export class OspabPanel {
  // Private to the language, so that no log of this object shows the key.
  readonly #options: PanelOptions;

  constructor(options: PanelOptions = {}) {
    this.#options = options;
  }

  /**
   * Once for each key, and with an `external_id` once for ever. A status that is no word of the panel's is your own, and
   * is not sent.
   */
  async createVPS(vps: NewVps, options: UpdateOptions = {}): Promise<SyncedVps> {
    const { sent, warnings } = withoutOwnStatus(vps);
    const operation: Operation = { action: "create", vps: sent, occurred_at: options.occurredAt ?? null };
    const lines = {
      before: `Creating VPS: ${vps.name} for user ${vps.user_id}`,
      after: ({ id }: Vps) => `VPS created successfully, ID: ${id}`,
    };
    return this.#logged("Create", operation, options, lines, warnings);
  }

  async updateVPS(which: Which, changes: VpsChanges, options: UpdateOptions = {}): Promise<SyncedVps> {
    const operation = updateOf(which, changes, options);
    return this.#logged("Update", operation, options, {
      before: `Updating VPS ${shown(which)}: ${Object.keys(changes).join(", ")}`,
      after: () => `VPS ${shown(which)} updated`,
    });
  }

  async updateVPSStatus(which: Which, status: Or<VpsStatus>, options: UpdateOptions = {}): Promise<SyncedVps> {
    return this.#logged("Update", updateOf(which, { status }, options), options, {
      before: `Updating VPS ${shown(which)} status to: ${status}`,
      after: () => `VPS ${shown(which)} status updated to: ${status}`,
    });
  }

  /** Of what is deleted already: succeeds too. */
  async deleteVPS(which: Which, options: CallOptions = {}): Promise<true> {
    await this.#logged("Delete", { action: "delete", vps: named(which) }, options, {
      before: `Deleting VPS ${shown(which)}`,
      after: () => `VPS ${shown(which)} deleted successfully`,
    });
    return true;
  }

  /** One operation as `batch` takes them, and the panel's whole answer: for a queue that sends what it has kept. */
  async sync(operation: Operation, options: CallOptions = {}): Promise<Synced> {
    return this.#call("POST", "/api/vps/sync", asSent(operation, options.idempotencyKey), options);
  }

  /**
   * A result to each, in order. What is wrong with one is told in its own result, whoever finds it, and holds up no other;
   * an atomic batch throws it. More than 10,000 go in several calls; a failure of one of these has the `results` of before.
   */
  async batch(operations: readonly Operation[], options: BatchOptions = {}): Promise<BatchAnswer> {
    const { idempotencyKey, atomic = false } = options;
    this.#access();
    checkedKey(idempotencyKey);
    const results: BatchResult[] = [];
    const rows: Row[] = [];
    for (const [index, operation] of operations.entries()) {
      try {
        rows.push(rowToSend(index, operation, idempotencyKey));
      } catch (error) {
        if (atomic || !(error instanceof PanelError)) throw error;
        results[index] = resultOf(index, error);
      }
    }
    let parts = inParts(rows, idempotencyKey);
    if (atomic && parts.length > 1) throw refused("operations", "An atomic batch must fit into one call.");
    while (parts[0]) parts = [...(await this.#sendPart(parts[0], atomic, results)), ...parts.slice(1)];
    return { status: overall(results), results };
  }

  /** Suspends it, and says why. It ends with any other status. */
  async suspend(which: Which, suspension: Suspension, options: UpdateOptions = {}): Promise<SyncedVps> {
    return this.updateVPS(which, { status: "suspended", suspension }, options);
  }

  /** One VPS: its row, where it is, what is seen of it, and what is under way. */
  async getVPS(which: Which): Promise<VpsDetails> {
    return this.#call("GET", await this.#addressOf("vps", which));
  }

  /** What it uses; with a timeframe its history too, which the panel may have yet to fetch. */
  async stats(which: Which, timeframe?: Timeframe): Promise<VpsStats> {
    return this.#call("GET", `${await this.#addressOf("vps", which)}/stats${query({ timeframe })}`);
  }

  /** What was asked of it, by whomever, newest first, fetched a page at a time. */
  async *operations(
    which: Which,
    options: { before?: number | undefined; limit?: number | undefined } = {},
  ): AsyncGenerator<PanelOperation, void, undefined> {
    const asked = query({ before: options.before, limit: options.limit });
    const path = `${await this.#addressOf("vps", which)}/operations${asked}`;
    yield* this.#pages<PanelOperation>(path, "operations");
  }

  /** Presses a button of it. Answered at once, with an operation, which `waitFor` waits for. */
  async power(which: Which, verb: Verb, options: PowerOptions = {}): Promise<Asked> {
    const { force, onBehalfOf } = options;
    const said = { ...(force ? { force } : {}), ...(onBehalfOf === undefined ? {} : { on_behalf_of: onBehalfOf }) };
    return this.#call("POST", `${await this.#addressOf("vps", which)}/${verb}`, said, options);
  }

  async operation(id: number): Promise<PanelOperation> {
    const { operation } = await this.#call<{ operation: PanelOperation }>("GET", `/api/operations/${checkedId(id)}`);
    return operation;
  }

  /** The operation once it has ended, well or not: see its `state`. `timeout` where that takes longer, 10 minutes. */
  async waitFor(operationId: number, options: { timeoutMs?: number | undefined } = {}): Promise<PanelOperation> {
    const { timeoutMs = 600_000 } = options;
    for (const until = Date.now() + timeoutMs; ; ) {
      const operation = await this.operation(operationId);
      if (operation.state === "succeeded" || operation.state === "failed") return operation;
      const left = until - Date.now();
      if (left <= 0) throw new PanelError(notEnded(operationId, timeoutMs), unsent("timeout"));
      await sleep(Math.min(left, BETWEEN_LOOKS_MS));
    }
  }

  /** Every VPS that the panel holds and that fits, in the order of their ids, fetched a page at a time. */
  listVPS(filter: VpsFilter = {}): AsyncGenerator<Vps, void, undefined> {
    const { after, limit, id, externalId, userId, status, updatedSince } = filter;
    const statuses = typeof status === "object" ? status.join(",") : status;
    const since = updatedSince && rfc3339(updatedSince);
    const fits = { id, external_id: externalId, user_id: userId, status: statuses, updated_since: since };
    return this.#pages<Vps>(`/api/vps/sync${query({ after, limit, ...fits })}`, "vps");
  }

  /** How many VPSs the panel holds, and their fingerprint: see `digestOf`. As quick for a million as for one. */
  async digest(): Promise<{ count: number; digest: string }> {
    const { count, digest } = await this.#call<{ count: number; digest: string }>("GET", "/api/vps/sync?digest=sum");
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

  /** Every user that fits but the staff, in the order of their ids, fetched a page at a time. */
  listUsers(filter: UserFilter = {}): AsyncGenerator<User, void, undefined> {
    const { after, limit, id, externalId, email, username } = filter;
    const asked = query({ after, limit, id, external_id: externalId, email, username });
    return this.#pages<User>(`/api/users/sync${asked}`, "users");
  }

  /** undefined where there is none; the staff are none. */
  async getUser(which: Which): Promise<User | undefined> {
    return this.#first<User>("user", checkedName(which));
  }

  /** A link that logs this user in, once, within 60 s. `next` is the panel's page to go to. Send it to nobody else. */
  async loginLink(which: Which, next?: string, options: CallOptions = {}): Promise<LoginLink> {
    const path = `${await this.#addressOf("user", which)}/login-link`;
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

  /** What is to be sent instead: of what is refused as a whole its halves, until the one that is to blame is alone. */
  async #sendPart(part: Part, atomic: boolean, results: BatchResult[]): Promise<Part[]> {
    const { key, rows } = part;
    const said = { operations: rows.map(({ sent }) => sent), ...(atomic ? { atomic } : {}) };
    const call = { idempotencyKey: key, timeoutMs: BATCH_TIMEOUT_MS };
    const answer = this.#call<BatchAnswer>("POST", "/api/vps/sync/batch", said, call);
    const answers = await answer.catch((error: unknown) => {
      if (error instanceof PanelError) error.results = results.slice(0, rows[0]?.index);
      if (atomic || !isOfTheBody(error)) throw error;
      return { results: rows.length > 1 ? undefined : [resultOf(0, error)] };
    });
    if (!answers.results) return halves(part);
    answers.results.forEach((result) => {
      const index = rows[result.index]?.index ?? result.index;
      results[index] = { ...result, index };
    });
    return [];
  }

  /** Tells of itself and of its failure in the words of the published service. */
  async #logged(
    verb: string,
    operation: Operation,
    options: CallOptions,
    lines: Lines,
    warnings: string[] = [],
  ): Promise<SyncedVps> {
    this.#access();
    this.#log(lines.before);
    const answer = await this.sync(operation, options).catch((error: unknown) => {
      throw error instanceof PanelError ? prefixed(error, `${PREFIX} ${verb} failed: `) : error;
    });
    this.#log(lines.after(answer.vps));
    for (const warning of warningsOf(answer)) this.#log(`Warning: ${warning}`);
    return rowOf(answer, warnings);
  }

  #log(line: string): void {
    const { log = console.log } = this.#options;
    if (log) log(`${PREFIX} ${line.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")}`);
  }

  /**
   * The address of one VPS or user. An external_id that a path cannot carry, or that could be taken for a longer address,
   * is looked up first.
   */
  async #addressOf(kind: "vps" | "user", which: Which): Promise<string> {
    const { id, external_id = "" } = checkedName(which);
    const { one } = ADDRESSES[kind];
    if (id !== undefined) return `${one}/${id}`;
    if (!NOT_IN_A_PATH.test(external_id)) return `${one}/external/${encodeURIComponent(external_id)}`;
    const found = await this.#first<{ id: number }>(kind, { external_id });
    if (found) return `${one}/${found.id}`;
    throw new PanelError(`There is no ${kind} of this external_id.`, { status: 404, code: `${kind}_not_found` });
  }

  async #first<Row>(kind: "vps" | "user", named: { id?: number; external_id?: string }): Promise<Row | undefined> {
    const { list, rows } = ADDRESSES[kind];
    const page = await this.#call<Record<string, Row[]>>("GET", list + query({ ...named, limit: 1 }));
    return page[rows]?.[0];
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
    const request = { method, headers, ...(said === undefined ? {} : { body: encoded(said) }) };
    const timeoutMs = Math.max(this.#options.timeoutMs ?? 10_000, call.timeoutMs ?? 0);
    for (let tries = 1; ; tries++) {
      try {
        return (await this.#once(url + path, request, timeoutMs)) as Answer;
      } catch (error) {
        const pause = this.#pauseAfter(error, tries);
        if (pause === undefined) throw error;
        await sleep(pause);
      }
    }
  }

  /** Read at each call: an environment is often filled after the modules have been loaded. */
  #access(): { url: string; apiKey: string } {
    const url = (this.#options.url ?? process.env["OSPAB_PANEL_URL"] ?? "").trim();
    const apiKey = (this.#options.apiKey ?? process.env["VPS_SYNC_API_KEY"] ?? "").trim();
    if (!url || !apiKey) throw notConfigured("Missing OSPAB_PANEL_URL or VPS_SYNC_API_KEY environment variables");
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
    if (!(error instanceof PanelError) || error.kind !== "passing" || tries > (this.#options.retries ?? 5)) return undefined;
    const asked = error.retryAfter ?? 0;
    if (asked > LONGEST_RETRY_AFTER_S) return undefined;
    const longest = Math.min(LONGEST_PAUSE_MS, (this.#options.backoffMs ?? 500) * 2 ** (tries - 1));
    return asked * 1000 + Math.random() * longest;
  }
}

/** What passes is safe to repeat, a POST too: its key makes a repeat the same as the first. */
function kindOf({ status, code }: Failure): FailureKind {
  if (PASSING_CODES.has(code) || status === 408 || status === 429 || status >= 500) return "passing";
  // A proxy that finds one body too large says so in a page of its own, and takes others.
  return SETUP_CODES.has(code) && status !== 413 ? "setup" : "refused";
}

function prefixed(error: PanelError, prefix: string): PanelError {
  const made = new PanelError(prefix + error.message, error);
  made.results = error.results;
  return made;
}

// What is sent

function named(which: Which): { id?: number; external_id?: string } {
  if (typeof which !== "object" || which === null) return which === undefined ? {} : { id: which as number };
  const { id, external_id } = which;
  return { ...(id === undefined ? {} : { id }), ...(external_id === undefined ? {} : { external_id }) };
}

/** As it is logged. */
function shown(which: Which): string {
  return String(typeof which === "object" && which !== null ? (which.id ?? which.external_id) : which);
}

/** Raises what no address could be made of. Given both, the panel's own number. */
function checkedName(which: Which): { id?: number; external_id?: string } {
  const { id, external_id } = named(which);
  if (id !== undefined) return { id: checkedId(id) };
  if (typeof external_id === "string" && external_id) return { external_id };
  throw refused("id", "Give the panel's id, or { external_id }.");
}

function checkedId(id: number): number {
  const isId = /^[1-9][0-9]{0,9}$/.test(String(id)) && Number(id) <= LARGEST_ID;
  if (!isId) throw refused("id", `id must be a whole number from 1 to ${LARGEST_ID}.`);
  return id;
}

function updateOf(which: Which, changes: VpsChanges, { occurredAt }: UpdateOptions): Operation {
  const vps = { ...changes, ...named(which) };
  return { action: "update", vps, ...(occurredAt === undefined ? {} : { occurred_at: occurredAt }) };
}

/** An object of the caller's own has a status of its own, such as `paid`, and nulls where it holds nothing. */
function withoutOwnStatus(vps: NewVps): { sent: NewVps; warnings: string[] } {
  const given = Object.entries(vps).filter(([, value]) => value !== null && value !== undefined);
  const sent = Object.fromEntries(given) as unknown as NewVps;
  if (!sent.hypervisor) delete sent.hypervisor;
  if (sent.status === undefined || STATUSES.includes(sent.status)) return { sent, warnings: [] };
  const warnings = [`vps.status: ${JSON.stringify(sent.status)} is no word of the panel's, and was not sent.`];
  delete sent.status;
  return { sent, warnings };
}

/** The operation as the wire has it: known columns alone, for what else a caller's object holds is not the panel's. */
function asSent(operation: Operation, key: string | undefined): Record<string, unknown> {
  if (typeof (operation?.vps ?? undefined) !== "object") throw refused("vps", "An operation is { action, vps }, vps an object.");
  const { action } = operation;
  if (action === "delete") return { action, vps: named(operation.vps) };
  const given: VpsChanges & { id?: number | undefined } = operation.vps;
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
  if (typeof time === "string") return time;
  const isTime = time instanceof Date && !Number.isNaN(time.getTime());
  if (!isTime) throw refused("occurred_at", "The time is none: give a Date that is valid, or RFC 3339.");
  return time.toISOString();
}

function encoded(said: unknown): string {
  try {
    return JSON.stringify(said);
  } catch (error) {
    throw refused("body", `The call cannot be written as JSON: ${String(error)}.`);
  }
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

function rowToSend(index: number, operation: Operation, key: string | undefined): Row {
  const sent = asSent(operation, key);
  return { index, sent, bytes: Buffer.byteLength(encoded(sent)) + 1 };
}

/** None where there is nothing to send. The same operations make the same parts, under the same keys. */
function inParts(rows: Row[], key: string | undefined): Part[] {
  const parts: Row[][] = [];
  let part: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (parts.length === 0 || part.length === MOST_OPERATIONS || bytes + row.bytes > MOST_BYTES) {
      parts.push((part = []));
      bytes = 0;
    }
    part.push(row);
    bytes += row.bytes;
  }
  return parts.length === 1 ? [{ key, rows: part }] : underKeys(parts, key);
}

function halves({ key, rows }: Part): Part[] {
  const middle = rows.length >> 1;
  return underKeys([rows.slice(0, middle), rows.slice(middle)], key);
}

function underKeys(parts: Row[][], key: string | undefined): Part[] {
  return parts.map((rows, at) => ({ key: key === undefined ? key : `${key}-${at + 1}`, rows }));
}

/** Of an operation that was refused, as the panel itself tells it. */
function resultOf(index: number, { code, message, errors }: PanelError): BatchResult {
  const named = Object.keys(errors).length > 0 ? { errors } : {};
  return { index, status: "error", code, message, ...named };
}

function isOfTheBody(error: unknown): error is PanelError {
  if (!(error instanceof PanelError)) return false;
  return error.status === 413 || (error.status === 400 && BODY_CODES.has(error.code));
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

/** What should not go unread where nobody looks at the notes. */
function warningsOf({ applied, warnings = [] }: Synced): readonly string[] {
  const stale = "A newer update was there before this one, and nothing was changed.";
  return applied === false ? [stale, ...warnings] : warnings;
}

/** The notes stand beside the columns and are none of them, so that copies and JSON of the row are those of the row. */
function rowOf({ vps, applied, replayed, warnings = [] }: Synced, ours: string[]): SyncedVps {
  const all = [...ours, ...warnings];
  const notes = { applied, replayed, warnings: all.length > 0 ? all : undefined };
  for (const [name, value] of Object.entries(notes)) {
    if (value !== undefined) Object.defineProperty(vps, name, { value });
  }
  return vps;
}

function answerOf(response: Response, text: string, sentId: string | undefined): unknown {
  const requestId = response.headers.get("x-request-id") ?? sentId;
  if (isRedirect(response)) throw redirected(response, requestId);
  const said = parsed(text);
  // Every answer of the panel has a status; JSON without one is another program's.
  if (response.ok && typeof said?.["status"] === "string") {
    return response.headers.get("idempotency-replayed") === "true" ? { ...said, replayed: true } : said;
  }
  const { message, code, errors, last, operation } = said ?? {};
  throw new PanelError(typeof message === "string" ? message : unreadable(response), {
    status: response.status,
    code: typeof code === "string" ? code : "invalid_answer",
    errors: errors as FieldErrors | undefined,
    requestId,
    retryAfter: seconds(response.headers.get("retry-after")),
    last: typeof last === "number" ? last : undefined,
    operation: operation as PanelOperation | undefined,
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

function notEnded(id: number, timeoutMs: number): string {
  return `Operation ${id} has not ended within ${timeoutMs / 1000} s.`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
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
 * What `digest()` says where both sides hold the same, in any order. Running and stopped count as the same, `active`: the
 * hypervisor moves a VPS between them. Deleted ones are left out.
 */
export function digestOf(rows: Iterable<DigestRow>): string {
  let total = BigInt(0);
  for (const row of rows) total += numberOf(row);
  return BigInt.asUintN(128, total).toString(16).padStart(32, "0");
}

function numberOf(row: DigestRow): bigint {
  const hash = createHash("sha256").update(lineOf(row), "utf8").digest("hex");
  return BigInt(`0x${hash.slice(0, 32)}`);
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
