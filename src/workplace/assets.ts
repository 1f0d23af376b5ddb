import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { packageFolder } from "../workbench/version.ts";

/** A fixed file that a server sends; its address changes with its content, so browsers may keep it. */
export interface Asset {
  readonly content: Buffer;
  readonly type: string;
  readonly address: string;
}

/** Reads a file of the package, such as `src/survey/client/style.css`. */
export function asset(file: string, type: string): Asset {
  const content = readFileSync(new URL(file, packageFolder));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return { content, type, address: `/assets/${hash}-${file.split("/").at(-1)}` };
}

/** Adds the addresses of fixed files to a server. It serves no folder, so no address can reach another file. */
export function serveAssets(server: FastifyInstance, assets: Iterable<Asset>): void {
  for (const { address, type, content } of assets) {
    server.get(address, { config: { rateLimit: false } }, (_, reply) => {
      reply.header("cache-control", "public, max-age=31536000, immutable").type(type).send(content);
    });
  }
}
