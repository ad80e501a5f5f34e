/** `barwise controls`, and the docs page that is made from the same text. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addControls } from "../../engine/cli/controls.ts";
import { controlsPage } from "../../engine/cli/controls-text.ts";
import { CONTROLS, LIMITS } from "../../engine/core/desk/risk/catalogue.ts";

const PAGE = fileURLToPath(new URL("../../docs/reference/controls.md", import.meta.url));

afterEach(() => {
  vi.restoreAllMocks();
});

async function controls(...args: string[]): Promise<string> {
  let out = "";
  const program = new Command("barwise").exitOverride();
  addControls(program);
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  await program.parseAsync(["controls", ...args], { from: "user" });
  return out;
}

describe("controls", () => {
  it("lists all of them in the order in which they run", async () => {
    const names = (await controls()).split("\n").flatMap((line) => /^ {2}C\d+ +(\w+) /.exec(line)?.[1] ?? []);
    expect(names).toEqual(CONTROLS.map(({ name }) => name));
  });

  it("says everything about one, by its name or by that of a limit", async () => {
    const out = await controls("price_collar");
    expect(out).toContain("price_collar  C6, in ratio");
    expect(out).toContain("RTS 6 Article 15 (1)(a)");
    expect(out).toContain("Unset: 10% on paper, 10% with real money.");
    expect(out).toContain("only where include_exits names its limit");
    expect(await controls("stop_collar")).toBe(out);
    expect(await controls("max_daily_loss")).toContain("Unset: no limit on paper, refuses with real money.");
    expect(await controls("message_reserve")).toContain("The larger one is tighter.");
  });

  it("is JSON for programs", async () => {
    const { controls: all } = JSON.parse(await controls("--format", "json")) as { controls: { limits: object[] }[] };
    expect(all.flatMap(({ limits }) => limits)).toHaveLength(LIMITS.length);
    const { controls: one } = JSON.parse(await controls("max_order_notional", "--format", "json")) as {
      controls: object[];
    };
    expect(one).toMatchObject([
      { id: "C5", exits: false, limits: [{ default_paper: 10_000_000, default_live: null, required_live: true }] },
    ]);
  });

  it("asks whether another name was meant", async () => {
    await expect(controls("price_colar")).rejects.toThrow(
      'there is no control "price_colar". Did you mean "price_collar"?',
    );
    await expect(controls("--format", "xml")).rejects.toThrow("expected pretty or json");
  });
});

describe("the page of the controls", () => {
  it("is made from the catalogue", () => {
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(PAGE, controlsPage());
    expect(readFileSync(PAGE, "utf8")).toBe(controlsPage());
  });
});
