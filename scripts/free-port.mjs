import { createServer } from "node:net";

/** The first port from `wanted` on that nobody listens at. */
export async function freePort(wanted, host) {
  let port = wanted;
  while (!(await isFree(port, host))) port += 1;
  return port;
}

/** A port that may not be opened, or a host that is not here, is the survey's to tell. */
const isFree = (port, host) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }) => resolve(code !== "EADDRINUSE"));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
