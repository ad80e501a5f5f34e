/** Limits of the account as text, and which way each one moves between two programs. */
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../engine/core/desk/risk/catalogue.ts";
import type { Program } from "../../engine/core/program.ts";
import type { LimitSpec } from "../../engine/core/risk-limits.ts";
import { compile } from "../../engine/lang/compile.ts";
import { planBetween } from "../../engine/lang/plan/plan.ts";

const STRATEGY =
  "barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: leave, when: close < 1, then: {close: {}}}\n";

function compiled(risk: string, own = ""): ReturnType<typeof compile> {
  return compile({ "a.strategy.yaml": `${STRATEGY}${own}`, "barwise.yaml": `barwise: 1\nrisk: {${risk}}\n` });
}

function programOf(risk: string, own = ""): Program {
  const { program, diagnostics } = compiled(risk, own);
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

/** A small and a large value as YAML has them. */
function values({ kind }: LimitSpec): readonly [string, string] {
  switch (kind) {
    case "ratio":
      return ["1%", "2%"];
    case "position":
      return ["1%", "2%"];
    case "duration":
      return ["1s", "2s"];
    case "probation":
      return ["{orders: 5, max_notional: 100}", "{orders: 5, max_notional: 200}"];
    case "symbols":
      return ["[SPY]", "[SPY, QQQ]"];
    default:
      return ["1", "2"];
  }
}

/** Whether the change holds a reload back on a live account. */
function loosens(before: Program, after: Program): boolean {
  return planBetween(before, after).findings.some(({ code }) => code === "plan/limit-loosened");
}

describe.each(LIMITS.map((spec) => [spec.name, spec] as const))("%s", (name, spec) => {
  const [small, large] = values(spec);
  const longerIsTighter = spec.kind === "symbols" ? spec.joined === "all" : spec.tighter === "larger";
  const [tight, loose] = longerIsTighter ? [large, small] : [small, large];

  it.each([
    ["the account", (value: string) => programOf(value === "" ? "" : `${name}: ${value}`)],
    ["a strategy of it", (value: string) => programOf(value === "" ? "" : `strategies: {a: {${name}: ${value}}}`)],
    ["a symbol of it", (value: string) => programOf(value === "" ? "" : `symbols: {SPY: {${name}: ${value}}}`)],
    ["a strategy's own", (value: string) => programOf("", value === "" ? "" : `risk: {${name}: ${value}}\n`)],
  ] as const)("of %s is looser when it moves that way or goes, and never when it tightens", (_where, of) => {
    expect(loosens(of(tight), of(loose))).toBe(true);
    expect(loosens(of(loose), of(tight))).toBe(false);
    expect(loosens(of(tight), of(""))).toBe(true);
  });

  it("counts from its default on, where it has one", () => {
    if (spec.kind === "symbols" || spec.default === undefined) return;
    expect(loosens(programOf(""), programOf(`${name}: ${tight}`))).toBe(isBeyond(spec, tight));
  });
});

function isBeyond(spec: LimitSpec, value: string): boolean {
  if (spec.kind === "symbols" || spec.default === undefined) return false;
  const unit = value.endsWith("%") ? 0.01 : value.endsWith("s") ? 1_000 : 1;
  const number = Number.parseFloat(value) * unit;
  return spec.tighter === "larger" ? number < spec.default : number > spec.default;
}

describe("permission to trade real money", () => {
  const live = (text: string): Program => programOf(`live: {${text}}`);

  it("is looser when it is given, tighter when it is taken, and may be looser when it changes", () => {
    const given = live('a: {by: ann, since: "2026-11-01"}');
    expect(loosens(live(""), given)).toBe(true);
    expect(loosens(given, live(""))).toBe(false);
    expect(loosens(given, live('a: {by: ann, since: "2026-10-01"}'))).toBe(true);
  });

  it("names a person and a day", () => {
    const codes = (text: string): string[] => compiled(`live: {a: ${text}}`).diagnostics.map(({ code }) => code);
    expect(codes("{by: ann}")).toContain("schema/missing-key");
    expect(codes("{by: ann, since: soon}")).toContain("schema/value");
    expect(codes("{by: ann, since: 2026-13-01}")).toContain("schema/value");
    expect(programOf("live: {a: {by: ann, since: 2026-11-01}}").risk.live).toEqual({
      a: { by: "ann", since: "2026-11-01" },
    });
  });
});

describe("groups", () => {
  it("are looser when a symbol leaves one", () => {
    const of = (symbols: string): Program => programOf(`groups: {tech: [${symbols}]}`);
    expect(loosens(of("SPY, QQQ"), of("SPY"))).toBe(true);
    expect(loosens(of("SPY"), of("SPY, QQQ"))).toBe(false);
    expect(loosens(of("SPY"), of("QQQ"))).toBe(true);
  });
});
