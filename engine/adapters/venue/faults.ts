/**
 * What can go wrong at the venue on purpose: the names, what they take, and how that is read.
 *
 * Owns: the whole vocabulary of `--fault`, its help, and what is said about text that is not in it. May not: make
 * anything go wrong; fault-plan.ts does.
 */

interface Chance<Name extends string> {
  readonly name: Name;
  /** Above 0, up to 1. */
  readonly ratio: number;
}

/** The exchange's local time; without a date it is every session's. */
export interface HaltTime {
  readonly date: string | null;
  readonly minutes: number;
}

export type Fault =
  | Chance<"timeout" | "timeout-after-accept" | "drop-ack" | "500-after-accept" | "reset">
  | Chance<"duplicate-updates" | "reorder-updates" | "drop-updates" | "duplicate-data" | "drop-data">
  | Chance<"auth-timeout" | "partial-fills">
  | { readonly name: "delay"; readonly minMs: number; readonly maxMs: number }
  | (Chance<"error"> & { readonly status: number })
  | (Chance<"reject"> & { readonly symbol: string | null })
  | (Chance<"login-error"> & { readonly code: number })
  | { readonly name: "drop-socket"; readonly channel: "market" | "trading" | "both"; readonly everyMs: number }
  | { readonly name: "slow-client"; readonly everyMs: number }
  | { readonly name: "connection-limit" | "symbol-limit" | "rate-limit"; readonly count: number }
  | { readonly name: "halt"; readonly symbol: string; readonly from: HaltTime; readonly until: HaltTime };

export type FaultName = Fault["name"];

/** One fault that happened. */
export interface FaultLine {
  readonly fault: FaultName;
  readonly what: string;
}

/** What is wrong with a text: where in it, what stands there, what was expected, and how to mend it. */
export interface FaultProblem {
  readonly text: string;
  /** 1 is its first character. */
  readonly column: number;
  readonly what: string;
  readonly help: string;
}

interface Word {
  readonly name: FaultName;
  /** As it is written, without the name. */
  readonly form: string;
  readonly says: string;
  /** Undefined: the value cannot be read. */
  readonly read: (value: string | undefined) => Fault | undefined;
}

const PERCENT = /^(\d{1,3}(?:\.\d{1,4})?)%$/;
const DURATION = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)$/;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000 } as const;
const LONGEST_MS = 3_600_000;
const LOGIN_CODES = [402, 404, 406, 408, 409, 411, 500];
const TIME = /^(?:(\d{4}-\d{2}-\d{2})T)?([01]\d|2[0-3]):([0-5]\d)$/;

function ratioOf(text: string): number | undefined {
  const value = Number(PERCENT.exec(text)?.[1] ?? Number.NaN) / 100;
  return value > 0 && value <= 1 ? value : undefined;
}

function durationOf(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  return ms > 0 && ms <= LONGEST_MS ? ms : undefined;
}

/** `CODE:P` or `CODE`, which is always. */
function coded(value: string | undefined): { readonly head: string; readonly ratio: number } | undefined {
  const [head = "", share, more] = (value ?? "").split(":");
  const ratio = share === undefined ? 1 : ratioOf(share);
  return ratio === undefined || more !== undefined || head === "" ? undefined : { head, ratio };
}

type ChanceName = Extract<Fault, { readonly ratio: number }>["name"];
type PlainChance = Exclude<ChanceName, "error" | "reject" | "login-error">;

function chance(name: PlainChance, says: string, always = false): Word {
  return {
    name,
    form: always ? "[=P%]" : "=P%",
    says: always ? `${says}; without a number always` : says,
    read: (value) => {
      const ratio = value === undefined && always ? 1 : ratioOf(value ?? "");
      return ratio === undefined ? undefined : { name, ratio };
    },
  };
}

function count(name: Extract<Fault, { readonly count: number }>["name"], says: string): Word {
  return {
    name,
    form: "=N",
    says,
    read: (value) => (/^\d{1,6}$/.test(value ?? "") ? { name, count: Number(value) } : undefined),
  };
}

function readDelay(value: string | undefined): Fault | undefined {
  const [from = "", to, more] = (value ?? "").split("..");
  const minMs = durationOf(from);
  const maxMs = to === undefined ? minMs : durationOf(to);
  if (minMs === undefined || maxMs === undefined || more !== undefined || maxMs < minMs) return undefined;
  return { name: "delay", minMs, maxMs };
}

function readReject(value: string | undefined): Fault | undefined {
  const ratio = ratioOf(value ?? "");
  if (ratio !== undefined) return { name: "reject", symbol: null, ratio };
  const found = coded(value);
  if (found === undefined || !/^[A-Z][A-Z0-9./]{0,19}$/.test(found.head)) return undefined;
  return { name: "reject", symbol: found.head, ratio: found.ratio };
}

function readError(value: string | undefined): Fault | undefined {
  const found = coded(value);
  const status = Number(found?.head);
  return found !== undefined && Number.isInteger(status) && status >= 400 && status <= 599
    ? { name: "error", status, ratio: found.ratio }
    : undefined;
}

function readLoginError(value: string | undefined): Fault | undefined {
  const found = coded(value);
  const code = Number(found?.head);
  return found !== undefined && LOGIN_CODES.includes(code)
    ? { name: "login-error", code, ratio: found.ratio }
    : undefined;
}

function readDropSocket(value: string | undefined): Fault | undefined {
  const match = /^(?:(market|trading):)?(.+)$/.exec(value ?? "");
  const everyMs = durationOf(match?.[2] ?? "");
  if (everyMs === undefined) return undefined;
  return { name: "drop-socket", channel: (match?.[1] as "market" | "trading" | undefined) ?? "both", everyMs };
}

function readSlowClient(value: string | undefined): Fault | undefined {
  const everyMs = durationOf(value ?? "");
  return everyMs === undefined ? undefined : { name: "slow-client", everyMs };
}

function haltTime(text: string): HaltTime | undefined {
  const match = TIME.exec(text);
  if (match === null || Number.isNaN(Date.parse(`${match[1] ?? "2024-01-01"}T00:00:00Z`))) return undefined;
  return { date: match[1] ?? null, minutes: Number(match[2]) * 60 + Number(match[3]) };
}

function readHalt(value: string | undefined): Fault | undefined {
  const match = /^([A-Z][A-Z0-9./]{0,19})@([^.]+)\.\.([^.]+)$/.exec(value ?? "");
  const from = haltTime(match?.[2] ?? "");
  const until = haltTime(match?.[3] ?? "");
  if (from === undefined || until === undefined || (from.date === null) !== (until.date === null)) return undefined;
  const order = (time: HaltTime): string => `${time.date ?? ""} ${String(time.minutes).padStart(4, "0")}`;
  return order(from) < order(until) ? { name: "halt", symbol: match?.[1] as string, from, until } : undefined;
}

/** In the order of the help. */
const WORDS: readonly Word[] = [
  { name: "delay", form: "=T or =T..T", says: "each answer waits that long", read: readDelay },
  chance("timeout", "a request is neither executed nor answered", true),
  chance("timeout-after-accept", "an order request is executed and never answered"),
  chance("drop-ack", "an order request is executed and its connection cut before the answer"),
  chance("500-after-accept", "an order request is executed and answered with 500"),
  chance("reset", "the connection is cut before a request is executed"),
  { name: "error", form: "=CODE[:P%]", says: "a request is answered with 400 to 599, not executed", read: readError },
  { name: "reject", form: "=P% or =SYMBOL[:P%]", says: "a new order is refused with 422", read: readReject },
  count("rate-limit", "requests a minute before 429, trading and data apart"),
  chance("partial-fills", "a fill takes a random share; the rest waits for the next data"),
  { name: "halt", form: "=SYMBOL@TIME..TIME", says: "nothing fills and a status tells it", read: readHalt },
  chance("duplicate-updates", "a trade update is sent twice", true),
  chance("reorder-updates", "a trade update comes after the one that follows it", true),
  chance("drop-updates", "a trade update is not sent"),
  chance("duplicate-data", "a market-data message is sent twice"),
  chance("drop-data", "a market-data message is not sent"),
  { name: "drop-socket", form: "=[market:|trading:]T", says: "sockets are cut every T", read: readDropSocket },
  { name: "slow-client", form: "=T", says: "data clients are told 407 and dropped every T", read: readSlowClient },
  chance("auth-timeout", "a login is not answered; after ten seconds comes 404", true),
  { name: "login-error", form: "=CODE[:P%]", says: `a login fails: ${LOGIN_CODES.join(" ")}`, read: readLoginError },
  count("connection-limit", "data connections for each endpoint before 406"),
  count("symbol-limit", "symbols of trades and quotes before 405"),
];

export const FAULT_NAMES: readonly FaultName[] = WORDS.map(({ name }) => name);

const HINT =
  "T is 50ms, 2s or 1m; P% is above 0 and up to 100; TIME is 10:00 (every session) or 2024-03-04T10:00, exchange time";

export function faultHelp(): string {
  const width = Math.max(...WORDS.map(({ name, form }) => name.length + form.length));
  const lines = WORDS.map(({ name, form, says }) => `  ${(name + form).padEnd(width)}  ${says}`);
  return ["Faults:", ...lines, "", HINT].join("\n");
}

export type ReadFault =
  | { readonly ok: true; readonly fault: Fault }
  | { readonly ok: false; readonly problem: FaultProblem };

/** `name` or `name=value`. */
export function readFault(text: string): ReadFault {
  const cut = text.indexOf("=");
  const name = cut < 0 ? text : text.slice(0, cut);
  const word = WORDS.find((known) => known.name === name);
  if (word === undefined) {
    const help = `the faults are ${FAULT_NAMES.join(", ")}`;
    return { ok: false, problem: { text, column: 1, what: `there is no fault "${name}"`, help } };
  }
  const value = cut < 0 ? undefined : text.slice(cut + 1);
  const fault = word.read(value);
  if (fault !== undefined) return { ok: true, fault };
  const what = value === undefined ? `${name} needs a value` : `${name} cannot be "${value}"`;
  const column = value === undefined ? text.length + 1 : cut + 2;
  return { ok: false, problem: { text, column, what, help: `write ${name}${word.form}; ${HINT}` } };
}

/** The share of fills that are partial; what the exchange has to be made with. */
export function partialFillsOf(faults: readonly Fault[]): number {
  const found = faults.find((fault) => fault.name === "partial-fills");
  return found?.name === "partial-fills" ? found.ratio : 0;
}
