import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** The output of a script that imports the module. */
async function freePort(wanted: number): Promise<number> {
  const script = `import { freePort } from "./scripts/free-port.mjs"; console.log(await freePort(${wanted}, "127.0.0.1"));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  return Number(stdout);
}

test("a free port is used, and otherwise the next free one", async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  expect(await freePort(port)).toBeGreaterThan(port);
  await new Promise((closed) => server.close(closed));
  expect(await freePort(port)).toBe(port);
});
