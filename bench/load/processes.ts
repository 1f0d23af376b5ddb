import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Asks a server to stop, and waits until it has. */
export async function ended(server: ChildProcess): Promise<void> {
  const exit = once(server, "exit");
  server.kill("SIGTERM");
  await exit;
}
