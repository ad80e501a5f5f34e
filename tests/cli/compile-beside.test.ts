/** Compiling in a thread: the same answer in pieces, and a reason when there is none. */
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { compileBeside } from "../../engine/cli/compile-beside.ts";
import { Assembly, piecesOf } from "../../engine/cli/program-pieces.ts";
import { tryCompile } from "../../engine/cli/try-compile.ts";
import type { Compiled } from "../../engine/lang/compile.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import { build } from "./support.ts";

const SHIPPED = join(import.meta.dirname, "../../strategies");

async function shipped(): Promise<Record<string, string>> {
  const names = (await readdir(SHIPPED, { recursive: true })).filter((name) => name.endsWith(".yaml"));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(SHIPPED, name), "utf8")] as const)),
  );
}

/** As messages carry it. */
function carried(compiled: Compiled): Compiled | undefined {
  const assembly = new Assembly();
  let whole: Compiled | undefined;
  for (const piece of piecesOf(compiled)) whole = assembly.add(structuredClone(piece));
  return whole;
}

const thread = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const ORDER = { files: { "a.strategy.yaml": "barwise: 1\n" }, override: {} };

describe("a program that was compiled in a thread", () => {
  it("is put together from its pieces as it was", async () => {
    const { compiled } = tryCompile(await shipped(), {});
    expect(compiled.program?.strategies.length).toBeGreaterThan(2);
    expect(carried(compiled)).toEqual(compiled);
  });

  it("is null with all its findings where there is an error", () => {
    const rules = Array.from(
      { length: 60 },
      (_, i) => `  - {name: r${i}, when: "nothing > ${i}", then: {close: {}}}\n`,
    );
    const text = `barwise: 1\nname: a\nsymbols: [SPY]\non: 1m\nrules:\n${rules.join("")}`;
    const { compiled } = tryCompile({ "a.strategy.yaml": text }, {});
    expect(compiled.program).toBeNull();
    expect(compiled.diagnostics.length).toBeGreaterThan(50);
    expect(carried(compiled)).toEqual(compiled);
  });

  it(
    "is what the built program makes of the same texts, while its event loop turns",
    { timeout: 120_000 },
    async () => {
      const built = await build();
      try {
        const files = await shipped();
        const on = parseBarSize("5m");
        if (on === undefined) throw new Error("5m is a bar size");
        const override = { available: ["SPY"], on };
        const code = `
        import { compileBeside } from ${JSON.stringify(join(dirname(built.main), "compile-beside.js"))};
        const order = ${JSON.stringify({ files, override })};
        let turns = 0;
        const turn = setInterval(() => turns++, 1);
        const compiled = await compileBeside(order);
        clearInterval(turn);
        process.stdout.write(JSON.stringify({ turns, compiled }));`;
        const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
          maxBuffer: 64 * 1024 * 1024,
        });
        const { turns, compiled } = JSON.parse(stdout) as { turns: number; compiled: unknown };
        expect(turns).toBeGreaterThan(0);
        expect(compiled).toEqual(JSON.parse(JSON.stringify(tryCompile(files, override).compiled)));
      } finally {
        await built.remove();
      }
    },
  );
});

describe("a thread that does not answer is a reason to keep the old program", () => {
  it.each([
    ["throws", `throw new Error("out of luck")`, "out of luck"],
    ["ends with another code", `process.exit(3)`, "its thread ended with 3"],
    ["hangs", `setInterval(() => {}, 1000)`, "it took longer than 0.5 s"],
    ["spins", `for (;;);`, "it took longer than 0.5 s"],
  ])("when it %s", async (_, code, reason) => {
    await expect(compileBeside(ORDER, { program: thread(code), patienceMs: 500 })).rejects.toThrow(
      `compiling failed, so the program that runs stays: ${reason}; the next save tries again`,
    );
  });

  it("when its answer is cut short", async () => {
    await expect(compileBeside(ORDER, { program: thread("") })).rejects.toThrow("its answer is cut short");
  });
});
