import { afterEach, describe, expect, it } from "vitest";
import { LiveSetup } from "./live-setup.ts";

let setup: LiveSetup;
afterEach(async () => {
  await setup.engine.stop();
  await setup.venue.stop();
});

describe("a venue that goes away while the engine trades", () => {
  it("stops orders until the broker is reconciled again, and then goes on", async () => {
    setup = new LiveSetup();
    await setup.start([90, 110, 90, 110, 110]);
    await setup.bar();
    setup.venue.faults.refuseSockets(true);
    setup.venue.faults.dropSockets("trading");
    await setup.until("the disconnect", () => setup.count("broker", "disconnected") === 1);
    await setup.bar();
    expect(setup.orders).toEqual([]);
    const refused = setup.outputs.flatMap((output) => (output.kind === "refused" ? [output.code] : []));
    expect(refused).toEqual(["readiness"]);
    setup.venue.faults.refuseSockets(false);
    await setup.until("the next picture", () => setup.count("reconciled") === 2);
    await setup.bar();
    await setup.bar();
    expect(setup.orders).toEqual(["buy"]);
    expect(setup.fatal).toEqual([]);
  }, 30_000);

  it("learns of a fill that happened meanwhile, once", async () => {
    setup = new LiveSetup();
    await setup.start([90, 110, 110, 110]);
    await setup.bar();
    await setup.bar();
    expect(setup.orders).toEqual(["buy"]);
    setup.venue.faults.refuseSockets(true);
    setup.venue.faults.dropSockets("trading");
    await setup.until("the disconnect", () => setup.count("broker", "disconnected") === 1);
    await setup.bar();
    expect(setup.count("execution")).toBe(0);
    setup.venue.faults.refuseSockets(false);
    await setup.until("the next picture", () => setup.count("reconciled") === 2);
    await setup.bar();
    expect(setup.count("execution")).toBe(1);
    expect(setup.fatal).toEqual([]);
  }, 30_000);

  it("says that market data is down and when it is back", async () => {
    setup = new LiveSetup();
    await setup.start([90, 90, 90]);
    await setup.bar();
    setup.venue.faults.dropSockets("market");
    await setup.until("the feed is down", () => setup.count("feed", "down") === 1);
    await setup.until("the feed is back", () => setup.count("feed", "live") === 2);
    await setup.bar();
    expect(setup.fatal).toEqual([]);
  }, 30_000);
});

it("a login that is refused ends the start with what to check, and no key in it", async () => {
  setup = new LiveSetup();
  const wrong = { keyId: "PKWRONG", secret: "another-secret" };
  const error = await setup.start([90], { credentials: wrong }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "BrokerError", code: "auth" });
  expect((error as Error).message).toContain("APCA_API_KEY_ID");
  expect((error as Error).message).not.toContain("another-secret");
});
