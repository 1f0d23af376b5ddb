import { configDefaults, defineConfig } from "vitest/config";
import { HangWatch } from "./test/helpers/hang-watch.ts";

/** Tests with a process for each file. All others share one a worker, so modules are loaded once and not once a file. */
const own = [
  "test/*.test.ts",
  "test/plugins/**/*.test.ts",
  "test/tune/{run,setup,submit}.test.ts",
  "test/**/{questions,own-questions}.test.ts",
];

export default defineConfig({
  test: {
    // What takes longer is named where it is: a test says its own limit.
    testTimeout: 120_000,
    // A hook may install Python packages, once.
    hookTimeout: 300_000,
    // A browser, a database and a language model are heavy: two files at a time is what a laptop bears.
    maxWorkers: 2,
    // Variables that a test sets with `vi.stubEnv` are as before in the next test.
    unstubEnvs: true,
    reporters: ["default", new HangWatch()],
    // Compiled modules are kept in node_modules/.experimental-vitest-cache from one run to the next.
    experimental: { fsModuleCache: true },
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...own],
          isolate: false,
        },
      },
      { extends: true, test: { name: "own", include: own } },
    ],
  },
});
