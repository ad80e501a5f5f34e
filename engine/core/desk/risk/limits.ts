/**
 * Which limits hold for an order of one strategy in one symbol.
 *
 * Owns: bringing the account's limits, those of its strategies and symbols, and the strategy's own together: everybody may
 * only tighten. May not: judge an order.
 */
import type { Program } from "../../program.ts";
import { fieldsOf } from "../../risk-limits.ts";
import type { AccountLimits, LimitKey, RiskLimits } from "../../risk-limits.ts";
import { ACCOUNT, strategyScope, symbolScope } from "../states.ts";
import type { ScopeName } from "../states.ts";
import { LIMITS } from "./catalogue.ts";

export interface LimitsInScope {
  readonly scope: ScopeName;
  /** As people read it. */
  readonly name: string;
  readonly limits: RiskLimits;
}

export interface EffectiveLimits {
  readonly tightest: RiskLimits;
  /** The account's and the symbol's: for what all strategies do together. */
  readonly together: RiskLimits;
  readonly scopes: readonly LimitsInScope[];
}

const NONE: AccountLimits = {};

/** Hold where nobody set one. */
export const DEFAULT_LIMITS: RiskLimits = Object.fromEntries(
  LIMITS.flatMap((spec) => (spec.default === undefined ? [] : [[spec.key, spec.default]])),
);

/** The tightest one of each; what holds for exits too adds up. */
export function tightest(...all: readonly (RiskLimits | undefined)[]): RiskLimits {
  const result: Partial<Record<LimitKey, number>> = {};
  const exits = new Set<string>();
  const closing = new Set<string>();
  for (const limits of all) {
    for (const spec of LIMITS) {
      for (const { key, larger } of fieldsOf(spec)) {
        const [before, value] = [result[key], limits?.[key]];
        if (value === undefined) continue;
        if (before === undefined) result[key] = value;
        else result[key] = larger ? Math.max(before, value) : Math.min(before, value);
      }
    }
    for (const control of limits?.includeExits ?? []) exits.add(control);
    for (const name of limits?.reduceOnly ?? []) closing.add(name);
  }
  return {
    ...result,
    ...(exits.size === 0 ? {} : { includeExits: [...exits] }),
    ...(closing.size === 0 ? {} : { reduceOnly: [...closing] }),
  };
}

/** Of programs, which never change: asked for at every order. */
const known = new WeakMap<Program, Map<string, EffectiveLimits>>();

export function limitsOf(program: Program | undefined, strategy: string, symbol: string): EffectiveLimits {
  if (program === undefined) return effective(NONE, undefined, strategy, symbol);
  let all = known.get(program);
  if (all === undefined) known.set(program, (all = new Map()));
  const key = `${strategy}\n${symbol}`;
  let limits = all.get(key);
  if (limits === undefined) {
    const own = program.strategies.find(({ name }) => name === strategy)?.risk;
    all.set(key, (limits = effective(program.risk, own, strategy, symbol)));
  }
  return limits;
}

function effective(
  { strategies, symbols, ...account }: AccountLimits,
  ownLimits: RiskLimits | undefined,
  strategy: string,
  symbol: string,
): EffectiveLimits {
  const whole: RiskLimits = { ...DEFAULT_LIMITS, ...account };
  const ofStrategy = tightest(strategies?.[strategy], ownLimits);
  const ofSymbol = symbols?.[symbol] ?? NONE;
  return {
    tightest: tightest(whole, ofSymbol, ofStrategy),
    together: tightest(whole, ofSymbol),
    scopes: [
      { scope: ACCOUNT, name: "account", limits: whole },
      { scope: strategyScope(strategy), name: `strategy ${strategy}`, limits: ofStrategy },
      { scope: symbolScope(symbol), name: `symbol ${symbol}`, limits: ofSymbol },
    ],
  };
}
