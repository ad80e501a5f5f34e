/**
 * The pages of `plan/…` show two pairs of files, before and after: the first pair has the finding, the second does not.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Program } from "../../engine/core/program.ts";
import type { Code } from "../../engine/lang/codes.ts";
import { CODES } from "../../engine/lang/codes.ts";
import { compile } from "../../engine/lang/compile.ts";
import { planBetween } from "../../engine/lang/plan/plan.ts";

const FOLDER = join(import.meta.dirname, "../../docs/reference/findings");
const codes = (Object.keys(CODES) as Code[]).filter((code) => code.startsWith("plan/"));

function programOf(body: string): Program {
  const symbols = /^symbols:/m.test(body) ? "" : "symbols: [SPY]\n";
  const { program, diagnostics } = compile({ "a.strategy.yaml": `barwise: 1\nname: a\non: 1d\n${symbols}${body}` });
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

function findingsOf(part: string): readonly string[] {
  const [before = "", after = ""] = [...part.matchAll(/^```yaml\n([^]*?)^```$/gm)].map((match) => match[1] as string);
  return planBetween(programOf(before), programOf(after)).findings.map(({ code }) => code);
}

describe("the page of a plan's finding", () => {
  it.each(codes)("%s: what to avoid has it, what to prefer does not", (code) => {
    const text = readFileSync(join(FOLDER, `${code.replace("/", "-")}.md`), "utf8");
    expect(text.startsWith(`# ${code}\n\nSeverity: ${CODES[code].severity}. `)).toBe(true);
    const [, avoid = "", prefer = ""] = text.split(/^Avoid$|^Prefer$/m);
    expect(findingsOf(avoid)).toEqual([code]);
    expect(findingsOf(prefer)).not.toContain(code);
  });
});
