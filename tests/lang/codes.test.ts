/** Codes, their pages and the examples of the pages: one of each, and the examples do what the pages say. */
import { describe, expect, it } from "vitest";
import { CODES } from "../../engine/lang/codes.ts";
import type { Code } from "../../engine/lang/codes.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { pageNames, pageOf } from "../support/finding-pages.ts";
import type { Example } from "../support/finding-pages.ts";
import { findingsOf } from "../support/findings.ts";

const codes = Object.keys(CODES) as Code[];

/** An example about something else need not follow every advice. */
function counts({ severity, code: found }: Diagnostic, code: Code): boolean {
  return severity !== "info" || found === code;
}

function codesOf({ files, params }: Example, code: Code): readonly string[] {
  const found = findingsOf(files, { params }).filter((one) => counts(one, code));
  return [...new Set(found.map((one) => `${one.code}: ${one.message}`))];
}

/** Shows the completed files when an example does not hold. */
function shown({ files }: Example): string {
  return Object.entries(files)
    .map(([path, text]) => `=== ${path}\n${text.slice(0, 2_000)}`)
    .join("");
}

describe("every code has a page and every page a code", () => {
  it("in bijection", () => {
    expect(pageNames()).toEqual(codes.map((code) => code.replace("/", "-")).sort());
  });

  it("codes are area/name with a known area", () => {
    for (const code of codes)
      expect(code).toMatch(/^(yaml|schema|names|types|facts|logic|time|risk|data|plan)\/[a-z-]+$/);
  });
});

// A plan compares two files: see plan-pages.test.ts.
describe.each(codes.filter((code) => !code.startsWith("plan/")))("%s", (code) => {
  const { text, avoid, prefer } = pageOf(code.replace("/", "-"));

  it("is named by its page, with its severity", () => {
    expect(text.startsWith(`# ${code}\n\nSeverity: ${CODES[code].severity}. `)).toBe(true);
  });

  it("is what every example to avoid has, and nothing else", () => {
    expect(avoid.length).toBeGreaterThan(0);
    for (const example of avoid) {
      const found = codesOf(example, code);
      expect(found.length, shown(example)).toBeGreaterThan(0);
      expect(
        found.filter((one) => !one.startsWith(`${code}: `)),
        shown(example),
      ).toEqual([]);
    }
  });

  it("can be overruled by a comment exactly when its page says so", () => {
    const sentence = `A comment on the line above may overrule it: \`# lint-ignore ${code} -- reason\`.`;
    const first = avoid.flatMap(({ files, params }) =>
      findingsOf(files, { params })
        .filter((one) => counts(one, code))
        .map((one) => ({ one, files, params })),
    )[0];
    if (first === undefined) throw new Error("no finding");
    const { one, files, params } = first;
    // Without a file, or in one that YAML cannot read, there is no line above.
    if (one.file === "" || (code.startsWith("yaml/") && one.severity === "error")) return;
    const lines = (files[one.file] ?? "").split("\n");
    const indent = /^ */.exec(lines[one.line - 1] ?? "")?.[0] ?? "";
    lines.splice(one.line - 1, 0, `${indent}# lint-ignore ${code} -- reason`);
    const left = findingsOf({ ...files, [one.file]: lines.join("\n") }, { params }).map((finding) => finding.code);
    if (text.includes(sentence)) expect(left).not.toContain(code);
    else expect(left.some((found) => found === code || found === "schema/ignore")).toBe(true);
  });

  it("is not in the examples to prefer, and nothing else is", () => {
    expect(prefer.length).toBeGreaterThan(0);
    for (const example of prefer) expect(codesOf(example, code), shown(example)).toEqual([]);
  });
});
