/** Findings stand where a person has marked them: tests/golden/places, in the format of tests/support/places.ts. */
import { describe, expect, it } from "vitest";
import { CODES } from "../../engine/lang/codes.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { findingsOf } from "../support/findings.ts";
import { allCases, withMarks } from "../support/places.ts";
import type { Case, Marked } from "../support/places.ts";

const CASES = allCases();
const AREAS = [...new Set(CASES.map(({ area }) => area))];

/** Line and column counted by hand, so that they are not checked against themselves. */
function position(text: string, offset: number): readonly [number, number] {
  const before = text.slice(0, offset).split("\n");
  return [before.length, (before.at(-1) as string).length + 1];
}

function placeOf({ files }: Case, { file, start, end }: Marked): object {
  const text = files[file] ?? "";
  return { file, start, end, from: position(text, start), to: position(text, end) };
}

function foundAt({ file, start, end, line, column, endLine, endColumn }: Diagnostic): object {
  return { file, start, end, from: [line, column], to: [endLine, endColumn] };
}

function shown(files: Case["files"], findings: readonly Diagnostic[]): string {
  return Object.entries(files)
    .map(([file, text]) => {
      const own = findings.filter((finding) => finding.file === file);
      const said = own.map(({ code, message }) => `-> ${code} ${message}`).join("\n");
      return `=== ${file}\n${withMarks(text, own)}${said}`;
    })
    .join("\n");
}

describe.each(AREAS)("places: %s", (area) => {
  it.each(CASES.filter((one) => one.area === area))("$name", (one) => {
    const found = findingsOf(one.files);
    const named = found.filter(({ code }) => !one.also.includes(code) || one.expected.some((own) => own.code === code));
    const story = shown(one.files, found);
    expect(
      named.map(({ code }) => code),
      story,
    ).toEqual(one.expected.map(({ code }) => code));
    expect(
      named.map((finding) => foundAt(finding)),
      story,
    ).toEqual(one.places.map((place) => placeOf(one, place)));
    for (const [i, { says }] of one.expected.entries())
      expect(`${named[i]?.message} ${named[i]?.help}`).toContain(says);
    for (const code of one.also) expect(found.map((finding) => finding.code)).toContain(code);
  });
});

describe("the cases", () => {
  it("are at least 400, each with a name of its own and a place", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(400);
    expect(new Set(CASES.map(({ area, name }) => `${area}: ${name}`)).size).toBe(CASES.length);
    for (const { name, places, expected } of CASES) {
      expect(places.length, name).toBeGreaterThan(0);
      expect(expected.length, name).toBe(places.length);
    }
  });

  it("cover every code that has a place in a file", () => {
    // An override of the command line and a missing strategy are in no file, a plan compares two: plan-pages.test.ts.
    const nowhere = new Set(["names/unknown-param", "data/no-strategy"]);
    const isElsewhere = (code: string): boolean => nowhere.has(code) || code.startsWith("plan/");
    const covered = new Set(CASES.flatMap(({ expected }) => expected.map(({ code }) => code)));
    expect(Object.keys(CODES).filter((code) => !covered.has(code) && !isElsewhere(code))).toEqual([]);
  });
});
