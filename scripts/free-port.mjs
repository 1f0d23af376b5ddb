import { createServer } from "node:net";

/** The first free port from `wanted` on. */
export async function freePort(wanted, host) {
  let port = wanted;
  while (!(await isFree(port, host))) port += 1;
  return port;
}

/** Other errors (no permission, unknown host) are left to the survey. */
const isFree = (port, host) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }) => resolve(code !== "EADDRINUSE"));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
