/**
 * How a request for approval is handled: `expires`, `max_drift`, `edits`, `approvers` and the like.
 *
 * Owns: their spelling, and finding what nobody could ever approve. May not: know conditions.
 */
import type { Approval, Approvers } from "../core/approval.ts";
import type { Builder } from "./builder.ts";
import { spelt } from "./fix-spelling.ts";
import { isDuration, parseDuration, parseRatio } from "./values.ts";
import type { Path } from "./yaml-file.ts";

export type PolicyKeys = Omit<Approval, "facts" | "condition" | "second" | "symbols">;

const DEFAULT_EXPIRY_MS = 300_000;

/** Undefined after a finding. */
export function readPolicy(builder: Builder, path: Path): PolicyKeys | undefined {
  const expiresMs = durationAt(builder, [...path, "expires"]);
  const freshMs = durationAt(builder, [...path, "fresh"]);
  const maxDriftRatio = driftAt(builder, [...path, "max_drift"]);
  const approvers = approversAt(builder, [...path, "approvers"]);
  if (expiresMs === null || freshMs === null || maxDriftRatio === null || approvers === null) return undefined;
  if (builder.has([...path, "second"]) && approvers !== undefined && peopleOf(approvers).size < 2) {
    const message = "Two people must approve some orders, and approvers names only one";
    builder.reportKey("risk/approval", [...path, "approvers"], message, "Name a second person, or remove second:.");
  }
  const source = (builder.file.data?.["approval"] ?? {}) as Readonly<Record<string, unknown>>;
  const { edits, on_reject: onReject, on_expiry: onExpiry, market_as: marketAs, max_pending: maxPending } = source;
  // The schema has refused other words.
  const words = { edits, onReject, onExpiry, marketAs, maxPending } as Partial<PolicyKeys>;
  const said = { freshMs, maxDriftRatio, approvers, ...words };
  const known = Object.entries(said).filter(([, value]) => value !== undefined);
  return { expiresMs: expiresMs ?? DEFAULT_EXPIRY_MS, ...(Object.fromEntries(known) as Partial<PolicyKeys>) };
}

/** Undefined when it is not written, null after a finding. */
function durationAt(builder: Builder, path: Path): number | undefined | null {
  if (!builder.has(path)) return undefined;
  const source = builder.text(path);
  const ms = parseDuration(source);
  if (ms !== undefined && ms > 0) return ms;
  // Another type has a finding of the schema.
  if (source !== undefined)
    builder.report("types/value", path, `"${source}" is no duration`, spelt("Write e.g. 5m.", isDuration));
  return null;
}

function driftAt(builder: Builder, path: Path): number | undefined | null {
  if (!builder.has(path)) return undefined;
  const source = builder.text(path) ?? builder.file.document?.getIn(path);
  const ratio = parseRatio(source);
  if (ratio !== undefined && ratio > 0 && ratio < 1) return ratio;
  const help = typeof source === "number" && source >= 1 ? `Write ${source}%.` : "Write a percentage such as 0.5%.";
  builder.report("types/value", path, `max_drift cannot be ${String(source)}`, help);
  return null;
}

function approversAt(builder: Builder, path: Path): Approvers | undefined | null {
  const source = (builder.file.data?.["approval"] as Readonly<Record<string, unknown>> | undefined)?.["approvers"];
  if (typeof source !== "object" || source === null) return undefined;
  const approvers: Record<string, Record<string, string>> = {};
  let isBroken = false;
  for (const [channel, list] of Object.entries(source)) {
    const people: Record<string, string> = {};
    for (const [index, item] of (Array.isArray(list) ? list : []).entries()) {
      const { id, person } = typeof item === "object" && item !== null ? (item as Named) : { id: item, person: item };
      const who = String(id);
      if (/^\s*(agent|mcp)\s*(:|$)/i.test(who) || /^(agent|mcp)$/i.test(channel)) {
        const message = `"${who}" is a program, and a program never approves`;
        builder.report("types/value", [...path, channel, index], message, "Name a person.");
        isBroken = true;
      }
      people[who] = String(person);
    }
    approvers[channel] = people;
  }
  return isBroken ? null : approvers;
}

interface Named {
  readonly id: unknown;
  readonly person: unknown;
}

function peopleOf(approvers: Approvers): ReadonlySet<string> {
  return new Set(Object.values(approvers).flatMap((people) => Object.values(people)));
}
