/** Definitions, uses, outline, quick fixes and the robustness of all of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { withEdits } from "../../engine/lang/fix.ts";
import { diagnoseProject, relevant } from "../../engine/editor/diagnose.ts";
import { editorFile } from "../../engine/editor/editor-file.ts";
import { nameAt, outline, placesOfName, rename } from "../../engine/editor/navigation.ts";
import { quickFixes } from "../../engine/editor/quick-fixes.ts";
import { signatureAt } from "../../engine/editor/signature.ts";
import { completions, here, hover, NAME, when } from "./support.ts";

/** The texts of the places that name what is under the cursor. */
function places(marked: string): readonly string[] {
  const { file, offset, project } = here(marked);
  const found = nameAt(file, offset, project);
  if (found === undefined) return [];
  return placesOfName(found, project).map(({ span }) => file.text.slice(span.start - 2, span.end + 2));
}

function renamed(
  marked: string,
  name: string,
  path = NAME,
  others: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> | string {
  const { file, offset, project, texts } = here(marked, path, others);
  const found = nameAt(file, offset, project);
  if (found === undefined) throw new Error("nothing here");
  const result = rename(found, name, project);
  if ("refusal" in result) return result.refusal;
  return Object.fromEntries([...result.edits].map(([one, edits]) => [one, withEdits(texts[one] as string, edits)]));
}

describe("a name", () => {
  it("is found from its definition and from every use", () => {
    const text = when("band.upper > 1 and close > band.lower for 3 bars");
    for (const from of ["ba¦nd: boll", "ba¦nd.upper", "ban¦d.lower"]) {
      expect(places(text.replace(from.replace("¦", ""), from))).toEqual(["  band: ", ": band.u", "> band.l"]);
    }
  });

  it("is found in the object form, in quantities, in messages and in other definitions", () => {
    const text = when(
      "{any: [{condition: calm}, {fact: band, params: {output: upper}, operator: greaterThan, value: line}]}",
    );
    expect(places(text.replace("  band:", "  ba¦nd:"))).toEqual(["  band: ", ": band, "]);
    expect(places(text.replace("  calm:", "  ca¦lm:"))).toEqual(["  calm: ", ": calm},"]);
    expect(places(text.replace("{line:", "{li¦ne:"))).toEqual([" {line: ", "> line\nr", ": line}]"]);
    const more = when("close > 1 for line bars").replace(
      "then: {close: {}}",
      'then: {alert: {message: "at {trend} {x"}}',
    );
    expect(places(more.replace("{line:", "{li¦ne:"))).toContain("r line b");
    expect(places(more.replace("  trend:", "  tr¦end:"))).toContain(" {trend} ");
  });

  it("is not found in arguments, calls and symbols of the same spelling", () => {
    const text = when("rsi(14, of: hl2) > 1 and close(symbol: rsi) > 1 and rsi > 2").replace(
      "facts:",
      "facts:\n  rsi: sma(3)",
    );
    expect(places(text.replace("  rsi: s", "  r¦si: s"))).toHaveLength(2);
  });

  it("gets another name everywhere, and the program stays what it was", () => {
    const text = when("band.upper > 1 or {x}".replace(" or {x}", "")).replace("  band:", "  ba¦nd:");
    const result = renamed(text, "ribbon");
    expect(result).toEqual({ [NAME]: text.replace("¦", "").replaceAll("band", "ribbon") });
    const digest = (one: string): string | undefined => {
      const { program } = compile({ [NAME]: one });
      const condition = program?.strategies[0]?.rules[0]?.condition;
      return condition === undefined ? undefined : JSON.stringify(condition);
    };
    expect(digest((result as Record<string, string>)[NAME] as string)).toBe(digest(text.replace("¦", "")));
  });

  it("keeps its quotes, and its tests follow", () => {
    const test =
      "strategy: a.strategy.yaml\ntests:\n  - name: x\n    given: {params: {line: 2}}\n    bars: {SPY: 1x3}\n    expect:\n      - {at: bar 1, rule: go, fact: close > line}\n";
    const others = { "strategies/a.test.yaml": test };
    const text = when("close > line").replace("{line:", '{"li¦ne":');
    expect(renamed(text, "bound", NAME, others)).toEqual({
      [NAME]: text.replace("¦", "").replaceAll("line", "bound"),
      "strategies/a.test.yaml": test.replaceAll("line", "bound"),
    });
    expect(renamed(when("close > 1").replace("name: go", "name: g¦o"), "stop", NAME, others)).toEqual({
      [NAME]: when("close > 1").replace("name: go", "name: stop"),
      "strategies/a.test.yaml": test.replace("rule: go", "rule: stop"),
    });
  });

  it("is found in quotes, and is left alone where it is written in escapes or is no name at all", () => {
    const text = when('{any: [{condition: "calm"}, "calm or close > 1"]}').replace("  calm:", "  ca¦lm:");
    expect(renamed(text, "quiet")).toEqual({ [NAME]: text.replace("¦", "").replaceAll("calm", "quiet") });
    const escaped = when('{condition: "c\\x61lm"}').replace("  calm:", "  ca¦lm:");
    expect(renamed(escaped, "quiet")).toMatch(/cannot be read/);
    expect(places(when('{condition: "c(lm"}').replace("  calm:", "  ca¦lm:"))).toEqual(["  calm: "]);
  });

  it("is not changed to what cannot be one, or where a use could be missed", () => {
    const text = when("close > line").replace("{line:", "{li¦ne:");
    expect(renamed(text, "close")).toMatch(/word of the language/);
    expect(renamed(text, "trend")).toMatch(/already defined under facts/);
    expect(renamed(text, "a-b")).toMatch(/cannot be a name/);
    expect(renamed(text, "line")).toEqual({ [NAME]: text.replace("¦", "") });
    expect(renamed(text.replace("close > line", "close > > line"), "bound")).toMatch(/line 13, cannot be read/);
    expect(renamed(text.replace("then: {close: {}}", "then: {close: {}"), "bound")).toMatch(/cannot be read/);
  });
});

describe("the outline", () => {
  it("lists what a person has named, in order, each inside its extent", () => {
    const { file } = here(when("close > 1¦"));
    const found = outline(file);
    expect(found.map(({ section, name }) => `${section} ${name}`)).toEqual([
      "params line",
      "facts band",
      "facts trend",
      "conditions calm",
      "rules go",
    ]);
    for (const { span, extent } of found) {
      expect(extent.start).toBeLessThanOrEqual(span.start);
      expect(extent.end).toBeGreaterThanOrEqual(span.end);
    }
  });
});

describe("the parameters of a call", () => {
  it.each([
    ["bollinger(¦", 0],
    ["bollinger(20, ¦", 1],
    ["bollinger(20, (1 + ¦", 1],
    ["bollinger(deviations: ¦", 1],
    ["bollinger(20, deviation: ¦", 2],
    ["bollinger(20, 2, on: ¦", undefined],
  ])("know which one is being written: %s", (condition, active) => {
    const { file, offset } = here(when(condition));
    expect(signatureAt(file, offset)).toMatchObject({
      label: "bollinger(period = 20, deviations = 2, deviation: population)",
    });
    expect(signatureAt(file, offset)?.active).toBe(active);
  });

  it("are not shown outside of calls", () => {
    for (const condition of ["close > ¦", "rsi(14) > ¦1", "(close > ¦"]) {
      const { file, offset } = here(when(condition));
      expect(signatureAt(file, offset)).toBeUndefined();
    }
  });
});

describe("quick fixes", () => {
  const fixesOf = (text: string, at: string): readonly string[] => {
    const file = editorFile(NAME, text);
    if (file === undefined) throw new Error("no file");
    const start = text.indexOf(at);
    return quickFixes(file, { start, end: start }, diagnoseProject({ [NAME]: text }, [NAME])).map(({ edits }) =>
      withEdits(text, edits),
    );
  };

  it("are those of the findings at the cursor, and the exception", () => {
    const text = when("close > 1").replace("params: {line: 30}", "params: {line: 30, idle: 1}");
    const [remove, overrule] = fixesOf(text, "idle");
    expect(remove).toBe(when("close > 1"));
    expect(overrule).toBe(text.replace("params:", "# lint-ignore names/unused -- \nparams:"));
    expect(fixesOf(text, "symbols")).toEqual([]);
  });

  it("keep the indentation and the line ends, and offer no exception inside a text or for an error", () => {
    const text = when("close > 1").replace("close: {}", "buy: {size: {qty: 1}}").replaceAll("\n", "\r\n");
    expect(fixesOf(text, "go\r\n")).toEqual([
      text.replace("  - name: go", "  # lint-ignore risk/no-exit -- \r\n  - name: go"),
    ]);
    expect(fixesOf(when("clsoe > 1"), "clsoe")).toEqual([when("close > 1")]);
    const folded = when(">\n      close > 1 and\n      volume >= 0");
    expect(fixesOf(folded, "volume >=")).toEqual([]);
  });
});

describe("which files are compiled together", () => {
  it("leaves out strategies that have nothing to do with the open ones", () => {
    const strategy = (name: string): string => when("close > 1").replace("name: a", `name: ${name}`);
    const files = {
      "barwise.yaml": "barwise: 1\n",
      "strategies/a.strategy.yaml": strategy("a"),
      "strategies/b.strategy.yaml": strategy("b"),
      "strategies/c.strategy.yaml": strategy("a"),
      "strategies/a.test.yaml": "",
      "templates/t.template.yaml": "",
    };
    expect(Object.keys(relevant(files, ["strategies/a.strategy.yaml"]))).toEqual([
      "barwise.yaml",
      "strategies/a.strategy.yaml",
      "strategies/c.strategy.yaml",
      "templates/t.template.yaml",
    ]);
    expect(Object.keys(relevant(files, ["barwise.yaml"])).filter((path) => path.includes("strategy"))).toHaveLength(3);
    const shared = { ...files, "strategies/b.strategy.yaml": "template: templates/t.template.yaml\n" };
    expect(
      Object.keys(relevant(shared, ["templates/t.template.yaml"])).filter((path) => path.includes("strategy")),
    ).toEqual(["strategies/b.strategy.yaml"]);
    const extending = { ...files, "strategies/a.strategy.yaml": "extends: b.strategy.yaml\n" };
    expect(Object.keys(relevant(extending, ["strategies/a.strategy.yaml"]))).toContain("strategies/b.strategy.yaml");
    const found = diagnoseProject(files, ["strategies/c.strategy.yaml"]);
    expect(found.filter(({ code }) => code === "names/duplicate").map(({ file }) => file)).toEqual([
      "strategies/c.strategy.yaml",
    ]);
  });
});

describe("every question at every place", () => {
  const folder = join(import.meta.dirname, "../golden/lang");
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

  it("is answered or not, and never ends in an error", () => {
    let asked = 0;
    for (const [i, name] of names.entries()) {
      const text = readFileSync(join(folder, name), "utf8").replaceAll("¦", "");
      const path = name.startsWith("test-") ? "a.test.yaml" : name.startsWith("project-") ? "barwise.yaml" : NAME;
      // Another offset in each file, so that together they fall everywhere.
      for (let at = i % 37; at <= text.length; at += 37) {
        for (const marked of [`${text.slice(0, at)}¦${text.slice(at)}`, `${text.slice(0, at)}¦`]) {
          const { file, offset, project } = here(marked, path);
          completions(marked, path);
          if (at % 5 === 0) hover(marked, path);
          signatureAt(file, offset);
          const found = nameAt(file, offset, project);
          if (found !== undefined) rename(found, "another", project);
          asked++;
        }
      }
    }
    expect(asked).toBeGreaterThan(1_000);
  }, 120_000);
});
