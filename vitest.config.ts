import { configDefaults, defineConfig } from "vitest/config";
import { HangWatch } from "./test/helpers/hang-watch.ts";

/**
 * Folders whose tests leave nothing behind that another file could meet: no server, browser, process or variable of the
 * environment. Their files share one process a worker, so that modules are loaded once and not once a file.
 */
const shared = [
  "analyse",
  "coding",
  "compose",
  "describe",
  "influence",
  "registration",
  "simulate",
  "stats",
  "study",
  "tables",
  "tasks",
  "text",
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    // What takes longer is named where it is: a test says its own limit.
    testTimeout: 120_000,
    // A hook may install Python packages, once.
    hookTimeout: 300_000,
    // A browser, a database and a language model are heavy: two files at a time is what a laptop bears.
    maxWorkers: 2,
    reporters: ["default", new HangWatch()],
    projects: [
      { extends: true, test: { name: "shared", include: shared, isolate: false } },
      {
        extends: true,
        test: {
          name: "own",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...shared],
        },
      },
    ],
  },
});
