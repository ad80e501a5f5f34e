/**
 * Rules out of service.
 *
 * Owns: what is remembered of one, and its name. May not: decide when a rule goes out of service or comes back.
 */
import type { Firing } from "../event.ts";

export interface Quarantine {
  readonly strategy: string;
  readonly symbol: string;
  readonly rule: string;
  /** Of the rule that failed: a repaired rule is another one. */
  readonly digest: string;
  readonly exit: boolean;
}

/** A rule out of service is so in one symbol. */
export function quarantineKey({ strategy, rule, symbol }: Firing): string {
  return `${strategy}/${rule}/${symbol}`;
}
