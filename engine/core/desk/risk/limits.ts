/**
 * Which limits hold for an order of one strategy in one symbol.
 *
 * Owns: bringing the account's limits, those of its strategies and symbols, and the strategy's own together: everybody may
 * only tighten. May not: judge an order.
 */
import type { Program } from "../../program.ts";
import { fieldsOf, isLooser } from "../../risk-limits.ts";
import type { AccountLimits, ListSpec, LivePermission, RiskLimits } from "../../risk-limits.ts";
import { ACCOUNT, strategyScope, symbolScope } from "../states.ts";
import type { ScopeName } from "../states.ts";
import { LIMITS } from "./catalogue.ts";

export interface SymbolGroup {
  readonly name: string;
  readonly symbols: readonly string[];
}

export interface LimitsInScope {
  readonly scope: ScopeName;
  /** As people read it. */
  readonly name: string;
  readonly limits: RiskLimits;
}

export interface EffectiveLimits {
  /** Whose word it is that the strategy may trade real money. */
  readonly permission: LivePermission | undefined;
  /** Groups of symbols that the symbol is in. */
  readonly groups: readonly SymbolGroup[];
  readonly tightest: RiskLimits;
  /** Limits that real money must have and that nobody set: a default is not somebody's word. */
  readonly unset: readonly string[];
  /** The account's and the symbol's: for what all strategies do together. */
  readonly together: RiskLimits;
  readonly scopes: readonly LimitsInScope[];
}

const NONE: AccountLimits = {};

/** Hold where nobody set one. */
export const DEFAULT_LIMITS: RiskLimits = Object.fromEntries(
  LIMITS.flatMap((spec) => (spec.kind === "symbols" || spec.default === undefined ? [] : [[spec.key, spec.default]])),
);

/** The tightest one of each; what holds for exits too adds up. */
export function tightest(...all: readonly (RiskLimits | undefined)[]): RiskLimits {
  const result: { -readonly [K in keyof RiskLimits]: RiskLimits[K] } = {};
  const exits = new Set<string>();
  const closing = new Set<string>();
  for (const limits of all) {
    for (const spec of LIMITS) {
      for (const field of fieldsOf(spec)) {
        const [before, value] = [result[field.key], limits?.[field.key]];
        if (value !== undefined && (before === undefined || isLooser(field, before, value))) result[field.key] = value;
      }
      if (spec.kind !== "symbols") continue;
      const list = joined(spec, result[spec.key], limits?.[spec.key]);
      if (list !== undefined) result[spec.key] = list;
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

function joined(
  { joined: how }: ListSpec,
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return how === "common" ? a.filter((symbol) => b.includes(symbol)) : [...new Set([...a, ...b])];
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
  { strategies, symbols, live, groups = {}, ...account }: AccountLimits,
  ownLimits: RiskLimits | undefined,
  strategy: string,
  symbol: string,
): EffectiveLimits {
  const whole: RiskLimits = { ...DEFAULT_LIMITS, ...account };
  const ofStrategy = tightest(own(strategies, strategy), ownLimits);
  const ofSymbol = own(symbols, symbol) ?? NONE;
  return {
    permission: own(live, strategy),
    groups: Object.entries(groups)
      .map(([name, members]) => ({ name, symbols: members }))
      .filter((group) => group.symbols.includes(symbol)),
    unset: unsetIn(tightest(account, ofSymbol, ofStrategy)),
    tightest: tightest(whole, ofSymbol, ofStrategy),
    together: tightest(whole, ofSymbol),
    scopes: [
      { scope: ACCOUNT, name: "account", limits: whole },
      { scope: strategyScope(strategy), name: `strategy ${strategy}`, limits: ofStrategy },
      { scope: symbolScope(symbol), name: `symbol ${symbol}`, limits: ofSymbol },
    ],
  };
}

function unsetIn(set: RiskLimits): readonly string[] {
  const required = LIMITS.filter(({ live }) => live === "required");
  return required.filter((spec) => fieldsOf(spec).every(({ key }) => set[key] === undefined)).map(({ name }) => name);
}

/** Names come from files: `constructor` is one like any other. */
function own<T>(all: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return all !== undefined && Object.hasOwn(all, name) ? all[name] : undefined;
}
