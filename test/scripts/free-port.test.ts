import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What a script that imports the module says. */
async function freePort(wanted: number): Promise<number> {
  const script = `import { freePort } from "./scripts/free-port.mjs"; console.log(await freePort(${wanted}, "127.0.0.1"));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  return Number(stdout);
}

test("a port that is free is taken, and the next one where it is not", async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  expect(await freePort(port)).toBeGreaterThan(port);
  await new Promise((closed) => server.close(closed));
  expect(await freePort(port)).toBe(port);
});
