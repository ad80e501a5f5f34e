/** Where a template, the strategies that fill or extend it, and their tests meet. */
import { describe, expect, it } from "vitest";
import { withEdits } from "../../engine/lang/fix.ts";
import { fileAt, nameAt, placesOfName, rename } from "../../engine/editor/navigation.ts";
import { completions, here, hover, labels } from "./support.ts";

const TEMPLATE = `barwise: 1
inputs:
  period: { type: integer, default: 14, min: 2 }
  filter: { type: condition, default: close > 0, description: What must hold. }
  kind: { type: choice, choices: [fast, slow] }
strategy:
  symbols: { file: watchlists/small.yaml }
  on: 1d
  facts:
    pace: rsi($period)
  rules:
    - name: enter
      when: pace > 50 and $filter
      then: { alert: { message: "$kind {pace}" } }
`;
const FILLED = `barwise: 1
name: filled
template: templates/dip.template.yaml
with: { period: 3, kind: fast }
facts:
  own: pace * 2
`;
const EXTENDED = `barwise: 1
name: extended
extends: filled.strategy.yaml
facts:
  own: pace * 3
rules:
  - { name: enter, when: pace > own }
`;
const TEST = `strategy: extended.strategy.yaml
tests:
  - name: x
    bars: { SPY: 1x3 }
    expect: [{ at: bar 1, rule: enter, fact: pace > 1 }]
`;
const FILES = {
  "templates/dip.template.yaml": TEMPLATE,
  "strategies/filled.strategy.yaml": FILLED,
  "strategies/extended.strategy.yaml": EXTENDED,
  "strategies/extended.test.yaml": TEST,
  "watchlists/small.yaml": "barwise: 1\nsymbols: [IWM]\n",
};
type Name = keyof typeof FILES;

/** The file with a cursor put into it. */
function marked(path: Name, around: string): string {
  expect(FILES[path]).toContain(around.replace("¦", ""));
  return FILES[path].replace(around.replace("¦", ""), around);
}

function at(path: Name, around: string): ReturnType<typeof here> {
  return here(marked(path, around), path, FILES);
}

function renamed(path: Name, around: string, name: string): Readonly<Record<string, string>> | string {
  const { file, offset, project } = at(path, around);
  const found = nameAt(file, offset, project);
  if (found === undefined) throw new Error("nothing here");
  const result = rename(found, name, project);
  if ("refusal" in result) return result.refusal;
  return Object.fromEntries([...result.edits].map(([one, edits]) => [one, withEdits(FILES[one as Name], edits)]));
}

describe("an input of a template", () => {
  it("is completed behind $ and below with", () => {
    expect(labels(TEMPLATE.replace("pace > 50", "pace > $¦"), "templates/dip.template.yaml", FILES)).toEqual([
      "period",
      "filter",
      "kind",
    ]);
    const items = completions(
      FILLED.replace("with: { period: 3, kind: fast }", "with: { period: 3, ¦ }"),
      "strategies/filled.strategy.yaml",
      FILES,
    );
    expect(items.map(({ label, snippet }) => [label, snippet])).toEqual([
      ["filter", "filter: ${1:close > 0}"],
      ["kind", "kind: $1"],
    ]);
    expect(items.toSorted((a, b) => a.rank - b.rank)[0]?.label).toBe("kind");
  });

  it("takes what its type says", () => {
    const filled = (given: string): string => FILLED.replace("{ period: 3, kind: fast }", `{ ${given} }`);
    const path = "strategies/filled.strategy.yaml";
    expect(labels(filled("kind: ¦"), path, FILES)).toEqual(["fast", "slow"]);
    expect(labels(filled("filter: ¦"), path, FILES)).toEqual(expect.arrayContaining(["close", "pace", "own", "rsi"]));
  });

  it("is explained where it is given and where it is used", () => {
    for (const [path, around] of [
      ["strategies/filled.strategy.yaml", "per¦iod: 3"],
      ["templates/dip.template.yaml", "rsi($per¦iod)"],
    ] as const)
      expect(hover(marked(path, around), path, FILES)).toMatch(
        /^period: [^]*type: integer[^]*An input of this template/,
      );
  });

  it("gets another name in the template and in who fills it", () => {
    for (const [path, around] of [
      ["strategies/filled.strategy.yaml", "per¦iod: 3"],
      ["templates/dip.template.yaml", "rsi($per¦iod)"],
      ["templates/dip.template.yaml", "  per¦iod: {"],
    ] as const) {
      expect(renamed(path, around, "length")).toEqual({
        "templates/dip.template.yaml": TEMPLATE.replaceAll("period", "length"),
        "strategies/filled.strategy.yaml": FILLED.replace("period", "length"),
      });
    }
    expect(renamed("templates/dip.template.yaml", "$ki¦nd", "sort")).toMatchObject({
      "templates/dip.template.yaml": TEMPLATE.replaceAll("kind", "sort"),
    });
    expect(renamed("templates/dip.template.yaml", "$ki¦nd", "filter")).toMatch(/already defined/);
  });
});

describe("a name of a template or of a strategy that is extended", () => {
  it("is known in what is made of it", () => {
    const path = "strategies/extended.strategy.yaml";
    expect(labels(EXTENDED.replace("pace > own", "¦"), path, FILES)).toEqual(expect.arrayContaining(["pace", "own"]));
    const { file, offset, project } = at(path, "when: pa¦ce");
    expect(nameAt(file, offset, project)?.file.path).toBe("templates/dip.template.yaml");
    expect(hover(marked(path, "when: pa¦ce"), path, FILES)).toContain("pace: rsi($period)");
  });

  it("is renamed in all of them and in their tests", () => {
    const all = {
      "templates/dip.template.yaml": TEMPLATE.replaceAll("pace", "speed"),
      "strategies/filled.strategy.yaml": FILLED.replaceAll("pace", "speed"),
      "strategies/extended.strategy.yaml": EXTENDED.replaceAll("pace", "speed"),
      "strategies/extended.test.yaml": TEST.replaceAll("pace", "speed"),
    };
    expect(renamed("templates/dip.template.yaml", "  pa¦ce: rsi", "speed")).toEqual(all);
    expect(renamed("strategies/extended.test.yaml", "fact: pa¦ce", "speed")).toEqual(all);
  });

  it("is renamed where it is defined once more", () => {
    expect(renamed("strategies/extended.strategy.yaml", "pace > ow¦n", "mine")).toEqual({
      "strategies/filled.strategy.yaml": FILLED.replace("own", "mine"),
      "strategies/extended.strategy.yaml": EXTENDED.replaceAll("own", "mine"),
    });
    expect(renamed("strategies/extended.strategy.yaml", "name: en¦ter", "go")).toEqual({
      "templates/dip.template.yaml": TEMPLATE.replace("enter", "go"),
      "strategies/extended.strategy.yaml": EXTENDED.replace("enter", "go"),
      "strategies/extended.test.yaml": TEST.replace("enter", "go"),
    });
  });

  it("is listed with every place", () => {
    const { file, offset, project } = at("templates/dip.template.yaml", "  pa¦ce: rsi");
    const found = nameAt(file, offset, project);
    if (found === undefined) throw new Error("nothing here");
    expect(placesOfName(found, project).map(({ path, isDefinition }) => `${path} ${isDefinition}`)).toEqual([
      "templates/dip.template.yaml true",
      "templates/dip.template.yaml false",
      "templates/dip.template.yaml false",
      "strategies/filled.strategy.yaml false",
      "strategies/extended.strategy.yaml false",
      "strategies/extended.strategy.yaml false",
      "strategies/extended.test.yaml false",
    ]);
  });
});

describe("a file that is named", () => {
  it.each([
    ["strategies/filled.strategy.yaml", "template: templates/d¦ip", "templates/dip.template.yaml"],
    ["strategies/extended.strategy.yaml", "extends: fil¦led", "strategies/filled.strategy.yaml"],
    ["strategies/extended.test.yaml", "strategy: ext¦ended", "strategies/extended.strategy.yaml"],
    ["templates/dip.template.yaml", "file: watch¦lists", "watchlists/small.yaml"],
  ] as const)("is found from %s", (path, around, target) => {
    const { file, offset, project } = at(path, around);
    expect(fileAt(file, offset, project)?.path).toBe(target);
  });

  it("is completed as it is written there", () => {
    const path = "strategies/filled.strategy.yaml";
    expect(labels("template: ¦\n", path, FILES)).toEqual(["templates/dip.template.yaml"]);
    expect(labels("extends: ¦\n", path, FILES)).toEqual(["extended.strategy.yaml"]);
    expect(labels("symbols: { file: ¦ }\n", path, FILES)).toEqual(["watchlists/small.yaml"]);
  });

  it("does not lead around in a circle", () => {
    const files = {
      "a.strategy.yaml": "extends: b.strategy.yaml\n",
      "b.strategy.yaml": "extends: a.strategy.yaml\nparams: {x: 1}\n",
    };
    const { file, offset, project } = here(
      "extends: b.strategy.yaml\nrules: [{when: x¦ > 1}]\n",
      "a.strategy.yaml",
      files,
    );
    expect(nameAt(file, offset, project)?.file.path).toBe("b.strategy.yaml");
  });
});
