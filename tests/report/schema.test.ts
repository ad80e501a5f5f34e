/**
 * What machines read is what they expect: SARIF against its official schema, GitHub's commands and JUnit's XML for any
 * text that a file could put into a finding.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import type { ValidateFunction } from "ajv";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CODES } from "../../engine/lang/codes.ts";
import type { Code } from "../../engine/lang/codes.ts";
import { compile } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { renderDiagnostics } from "../../engine/report/diagnostics.ts";
import { findingsOf } from "../support/findings.ts";
import { allCases } from "../support/places.ts";
import { SEED, runs } from "../support/runs.ts";

const SCHEMA = createRequire(import.meta.url).resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");

/** Draft 4 differs in the name of `id` alone, as far as this schema goes. */
function sarifSchema(): ValidateFunction {
  const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(SCHEMA, "utf8")) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  // A reference of RFC 3986 holds none of these as they are.
  const isReference = (text: string): boolean => /^[^\s"<>\\^`{|}]*$/.test(text) && !/%(?![0-9A-Fa-f]{2})/.test(text);
  ajv.addFormat("uri-reference", (text) => isReference(text) && URL.canParse(text, "file:///checkout/"));
  ajv.addFormat("uri", (text) => isReference(text) && URL.canParse(text));
  ajv.addFormat("date-time", (text) => !Number.isNaN(Date.parse(text)));
  return ajv.compile(schema);
}

const validate = sarifSchema();

function expectSarif(findings: readonly Diagnostic[], texts: Readonly<Record<string, string>>): void {
  const log: unknown = JSON.parse(renderDiagnostics(findings, { format: "sarif", color: false, texts }));
  validate(log);
  expect(validate.errors ?? []).toEqual([]);
}

describe("sarif", () => {
  it("has a schema that refuses what is wrong", () => {
    const log = JSON.parse(renderDiagnostics([], { format: "sarif", color: false, texts: {} })) as { runs: object[] };
    expect(validate({ ...log, version: "2.0.0" })).toBe(false);
    expect(validate({ ...log, runs: [{ ...log.runs[0], results: [{ level: "error" }] }] })).toBe(false);
    const location = { physicalLocation: { artifactLocation: { uri: "a b" } } };
    const result = { message: { text: "x" }, locations: [location] };
    expect(validate({ ...log, runs: [{ ...log.runs[0], results: [result] }] })).toBe(false);
  });

  it("is valid without findings, and about no file", () => {
    expectSarif([], {});
    expectSarif(compile({}).diagnostics, {});
  });

  it("is valid for every case of the places, corrections and related places included", () => {
    let fixes = 0;
    let related = 0;
    for (const { files } of allCases()) {
      const found = findingsOf(files);
      fixes += found.flatMap((finding) => finding.fixes).length;
      related += found.flatMap((finding) => finding.related ?? []).length;
      expectSarif(found, files);
    }
    expect(fixes).toBeGreaterThan(50);
    expect(related).toBeGreaterThan(3);
  });

  it.each([
    "strategies/a b.strategy.yaml",
    "Größe/ñandú.strategy.yaml",
    "/srv/desk/a.strategy.yaml",
    "C:\\desk\\a.strategy.yaml",
    "..\\up\\a.strategy.yaml",
    "a#b?c%d.strategy.yaml",
    "100%/[x]{y}.strategy.yaml",
    "c:colon.strategy.yaml",
    "日本/💥.strategy.yaml",
  ])("is valid for a file called %s", (file) => {
    const text =
      "barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules: [{name: go, when: rsii(14) < 3, then: {close: {}}}]\n";
    const { diagnostics } = compile({ [file]: text });
    expect(diagnostics).toHaveLength(1);
    expectSarif(diagnostics, { [file]: text });
  });

  it.each([
    ["C:\\desk\\a b.strategy.yaml", "file:///C:/desk/a%20b.strategy.yaml"],
    ["/srv/desk/a.strategy.yaml", "file:///srv/desk/a.strategy.yaml"],
    ["sub\\a.strategy.yaml", "sub/a.strategy.yaml"],
  ])("names %s as %s", (file, uri) => {
    const { diagnostics } = compile({ [file]: "barwise: 1\nname: [\n" });
    const text = renderDiagnostics(diagnostics, { format: "sarif", color: false, texts: {} });
    expect(text).toContain(`"uri": "${uri}"`);
  });
});

// ------------------------------------------------------------------------------------------------ any text

const [first] = compile({ "a.strategy.yaml": "barwise: 1\nname: [\n" }).diagnostics;
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        "::error ",
        "::",
        "%0A",
        "%",
        "\n",
        "\r",
        ",",
        ":",
        "]]>",
        "<![CDATA[",
        "&",
        '"',
        "--",
        "é💥",
        "\u2028",
        "\u0000",
        "\ud800",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);
const anyFinding = fc
  .record({
    message: anyText,
    help: anyText,
    file: anyText,
    code: fc.constantFrom(...(Object.keys(CODES) as Code[])),
    severity: fc.constantFrom("error" as const, "warning" as const, "info" as const),
  })
  .map((over): Diagnostic => ({ ...(first as Diagnostic), fixes: [], ...over }));

const options = { seed: SEED, numRuns: runs(300) };

describe("any text of a file", () => {
  it("is one command to GitHub, which reads it back as it was", () => {
    // As the runner does it: github.com/actions/toolkit, docs/commands.md.
    const unescapedData = (text: string): string =>
      text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
    const unescaped = (text: string): string =>
      text
        .replaceAll("%0D", "\r")
        .replaceAll("%0A", "\n")
        .replaceAll("%3A", ":")
        .replaceAll("%2C", ",")
        .replaceAll("%25", "%");
    fc.assert(
      fc.property(anyFinding, (finding) => {
        const text = renderDiagnostics([finding], { format: "github", color: false, texts: {} });
        expect(text.endsWith("\n")).toBe(true);
        const lines = text.slice(0, -1).split(/\r\n|\r|\n/);
        expect(lines).toHaveLength(1);
        const match = /^::(error|warning|notice) (.*?)::(.*)$/s.exec(lines[0] as string);
        const [, level, properties = "", message = ""] = match ?? [];
        expect(level).toBe(finding.severity === "info" ? "notice" : finding.severity);
        const read = new Map(properties.split(",").map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
        expect(unescaped(read.get("file") ?? "")).toBe(finding.file);
        expect(unescaped(read.get("title") ?? "")).toBe(finding.code);
        expect(Number(read.get("line"))).toBe(finding.line);
        const advice = finding.help === "" ? "" : ` ${finding.help}`;
        expect(unescapedData(message)).toBe(`${finding.message}.${advice}`);
      }),
      options,
    );
  });

  it("is one line of the concise format", () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 4 }), (findings) => {
        const text = renderDiagnostics(findings, { format: "concise", color: false, texts: {} });
        expect(text.split(/\r\n|\r|\n|\u2028|\u2029|\u0085/)).toHaveLength(findings.length + 1);
        expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
      }),
      options,
    );
  });

  it("makes well-formed XML, from which JUnit reads it back", () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 4 }), (findings) => {
        const text = renderDiagnostics(findings, { format: "junit", color: false, texts: {} });
        const { open, messages } = readXml(text);
        expect(open).toBe(0);
        const failures = findings.filter(({ severity }) => severity === "error");
        const shown = failures.map(({ message }) => message.replaceAll(NOT_XML, "\ufffd")).sort();
        expect(messages.sort()).toEqual(shown);
      }),
      options,
    );
  });

  it("makes SARIF that is valid", () => {
    fc.assert(
      fc.property(anyFinding, (finding) => {
        expectSarif([finding], {});
      }),
      { ...options, numRuns: runs(50) },
    );
  });
});

const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** A strict reader of the little XML that is written: throws where a real one would. */
function readXml(text: string): { readonly open: number; readonly messages: string[] } {
  const messages: string[] = [];
  const open: string[] = [];
  if (NOT_XML.test(text)) throw new Error("a character that XML cannot hold");
  const rest = text
    .replace('<?xml version="1.0" encoding="UTF-8"?>', "")
    .replaceAll(
      /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g,
      (_, closes: string, name: string, attributes: string, isEmpty: string) => {
        if (closes === "/" && open.pop() !== name) throw new Error(`</${name}> closes something else`);
        if (closes === "" && isEmpty === "") open.push(name);
        for (const [, , value = ""] of attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)) decoded(value);
        const message = / message="([^"]*)"/.exec(attributes)?.[1];
        if (name === "failure" && message !== undefined) messages.push(decoded(message));
        return "";
      },
    );
  if (/[<>]|\]\]>/.test(rest)) throw new Error(`markup that is none: ${rest}`);
  decoded(rest);
  return { open: open.length, messages };
}

const ENTITIES: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"' };

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d+);|[a-z]+;)?/g, (entity, code: string | undefined) => {
    const known = code === undefined ? ENTITIES[entity] : String.fromCodePoint(Number(code));
    if (known === undefined) throw new Error(`${entity} is no entity`);
    return known;
  });
}
