import { defineConfig } from "vitest/config";

// `npm run soak` runs properties twenty times as often.
const patience = process.env["BARWISE_SOAK"] === "1" ? 20 : 1;

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 30_000 * patience,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
