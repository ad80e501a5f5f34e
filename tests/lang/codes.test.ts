import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CODES } from "../../engine/lang/codes.ts";

const FOLDER = join(import.meta.dirname, "../../docs/reference/findings");
const codes = Object.keys(CODES);

describe("every code has a page and every page a code", () => {
  it("in bijection", () => {
    const pages = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
    const expected = codes.map((code) => `${code.replace("/", "-")}.md`);
    expect(pages.sort()).toEqual(expected.sort());
  });

  it.each(codes)("%s: its page names it, its severity and both examples", (code) => {
    const text = readFileSync(join(FOLDER, `${code.replace("/", "-")}.md`), "utf8");
    expect(text).toContain(`# ${code}\n`);
    expect(text).toContain(`Severity: ${CODES[code as keyof typeof CODES].severity}`);
    expect(text).toMatch(/Avoid\n[^]*Prefer\n/);
  });

  it("codes are area/name with a known area", () => {
    for (const code of codes)
      expect(code).toMatch(/^(yaml|schema|names|types|facts|logic|time|risk|data|plan)\/[a-z-]+$/);
  });
});
