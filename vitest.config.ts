import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A browser, a database and a language model are heavy: two files at a time is what a laptop bears.
    maxWorkers: 2,
  },
});
