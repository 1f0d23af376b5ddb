#!/usr/bin/env node
// Source is TypeScript; what runs is built by `npm run build`.
import { existsSync } from "node:fs";

const entry = new URL("../dist/cli.js", import.meta.url);
if (!existsSync(entry)) {
  process.stderr.write("error: Tiny Love is not built yet (npm run build)\n");
  process.exit(1);
}
const { runProcess } = await import(entry.href);
await runProcess();
