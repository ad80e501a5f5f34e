/** The real process with people around it: what they are told from the start to the end, and what is never written down. */
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { HttpPeer } from "../adapters/notify/peers.ts";
import type { Asked } from "../adapters/notify/peers.ts";
import { Process, build, folderOf } from "../cli/support.ts";
import type { Built } from "../cli/support.ts";

const PATIENCE = 90_000;
const SECRETS = { BOT: "12345:AAE-token-of-telegram", SIGN: "a secret to sign webhooks", CHECK: "" };

const STRATEGY = `barwise: 1
name: a
symbols: [SPX]
on: 1d
rules:
  - name: tell
    when: close > 0
    fire: each
    then: {alert: {message: 'close is {close}', level: warning}}
`;

let built: Built;
let folder: string;
let peer: HttpPeer;
let env: Record<string, string>;

beforeAll(async () => {
  built = await build();
}, PATIENCE);
afterAll(() => built.remove());

beforeEach(async () => {
  peer = new HttpPeer();
  const url = await peer.start();
  env = { ...SECRETS, CHECK: `${url}/check/0f1e2d3c-uuid` };
  peer.answer = ({ path }) =>
    path.startsWith("/bot") ? { status: 401, body: { ok: false, description: `Unauthorized ${path}` } } : {};
  folder = await folderOf({
    "barwise.yaml": `barwise: 1
feeds: [{tape: {file: sp500}}]
notify:
  - telegram: {token: '\${env:BOT}', chat: 5, approvers: [5], url: '${url}'}
  - webhook: {url: '${url}/hook', secret: '\${env:SIGN}', levels: [warning]}
dead_man: {url: '\${env:CHECK}', style: healthchecks}
`,
    "strategies/a.strategy.yaml": STRATEGY,
  });
});
afterEach(async () => {
  await peer.stop();
  await rm(folder, { recursive: true, force: true });
});

function hooks(): readonly Asked["json"][] {
  return peer.asked.filter(({ path }) => path === "/hook").map(({ json }) => json);
}

function told(title: string): boolean {
  return hooks().some((json) => String(json["title"]).includes(title));
}

/** Everything below a folder as text, what is compressed too. */
async function everything(below: string): Promise<string> {
  const names = await readdir(below, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const texts = files.map(async ({ parentPath, name }) => {
    const bytes = await readFile(join(parentPath, name));
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("latin1");
  });
  return (await Promise.all(texts)).join("\n");
}

it(
  "tells a run from its start to its end, and no secret is in its output or its journal",
  async () => {
    const run = new Process(built.main, ["run", ".", "--no-screen", "--rate", "20"], folder, env, PATIENCE);
    await run.until("the start", () => told("the run has started") && told("warning rule/alert: a SPX"));
    await run.until("the dead channel", () => told("telegram is not reached"));
    // A flood of an alert at every bar is told as one after half a minute; until then there is the first.
    expect(hooks().filter(({ kind }) => kind === "alert")).toHaveLength(1);
    await writeFile(join(folder, "strategies/a.strategy.yaml"), STRATEGY.replace("close > 0", "close > nothing"));
    await run.until("the bad file", () => told("not reloaded, the old rules keep running"));
    run.child.kill("SIGINT");
    const { code, out, err } = await run.ended;
    expect(code, err).toBe(0);
    expect(told("the run was stopped")).toBe(true);
    // What was held back for more of its kind is told at the end.
    const flood = hooks().filter(({ kind }) => kind === "alert");
    expect(flood).toHaveLength(2);
    expect(Number(flood[1]?.["count"])).toBeGreaterThan(5);
    const calls = peer.asked.filter(({ path }) => path.startsWith("/check"));
    expect(calls.map(({ path }) => path)).toEqual(["/check/0f1e2d3c-uuid/start", "/check/0f1e2d3c-uuid/log"]);
    expect(out).toContain("telegram was not reached: HTTP 401: Unauthorized /bot***/sendMessage");
    const written = out + err + (await everything(join(folder, ".barwise")));
    expect(written).toContain("close > 0");
    for (const secret of [SECRETS.BOT, SECRETS.SIGN, "0f1e2d3c-uuid"]) expect(written).not.toContain(secret);
  },
  PATIENCE,
);

it(
  "does not start when a secret is not there, and names the variable",
  async () => {
    const { BOT: _, ...rest } = env;
    const { code, err } = await new Process(built.main, ["run", ".", "--no-screen"], folder, rest, PATIENCE).ended;
    expect([code, err]).toEqual([2, "error: telegram: the environment variable BOT is not set\n"]);
    expect(peer.asked).toEqual([]);
  },
  PATIENCE,
);
