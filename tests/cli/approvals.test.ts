/** `backtest --approvals`: nobody can be asked, so what stood for a person is declared and printed. */
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addBacktest } from "../../engine/cli/backtest.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";

const barwise = barwiseWith(addBacktest);

function strategy(approval: string): string {
  return `barwise: 1
name: s
symbols: [SPX]
on: 1d
rules:
  # lint-ignore risk/no-stop -- a test
  - {name: enter, when: close > sma(50), then: {buy: {size: {qty: 10}}}}
  - {name: leave, when: close < sma(50), then: {close: {}}}
approval: {${approval}}
`;
}

describe("backtest", () => {
  inFolderOfItsOwn("approvals");
  const run = async (approval: string, ...flags: string[]) => {
    writeFileSync("s.strategy.yaml", strategy(approval));
    return barwise("backtest", ".", "--data", "sp500", "--from", "2010-01-01", "--to", "2012-01-01", ...flags);
  };
  const line = ({ out }: { readonly out: string }): string => /^\d+ orders? for a person.*$/m.exec(out)?.[0] ?? "none";

  it("approves at once what a person must see, also two of them by their names, and says so", async () => {
    expect(line(await run("when: order.qty > 5"))).toMatch(
      /^\d+ orders for a person to approve, all answered at once with yes \(--approvals auto\): \d+ approved$/,
    );
    expect(line(await run("second: order.qty > 5, approvers: {cli: [ann], api: [bob]}"))).toMatch(/\d+ approved$/);
    // One person alone is not two.
    expect(line(await run("second: order.qty > 5, approvers: {cli: [ann]}"))).toMatch(/\d+ expired/);
  });

  it("rejects, or lets everything expire, when that is declared", async () => {
    expect(line(await run("when: order.qty > 5", "--approvals", "none"))).toMatch(
      /with no \(--approvals none\): \d+ rejected$/,
    );
    const silent = await run("when: order.qty > 5", "--approvals", "expire", "--format", "json");
    const { approvals, statement } = JSON.parse(silent.out) as {
      approvals: Record<string, unknown>;
      statement: { orders: number; refused: Record<string, number> };
    };
    expect(approvals).toEqual({ mode: "expire", expired: statement.refused["approval_expired"] });
    expect(statement.orders).toBe(0);
  });

  it("says nothing when nobody had to be asked, and refuses another word", async () => {
    expect(line(await run("when: order.qty > 500"))).toBe("none");
    expect((await run("when: order.qty > 5", "--approvals", "maybe")).err).toContain("expected auto, none or expire");
  });
});
