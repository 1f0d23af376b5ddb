import { execFile, execFileSync } from "node:child_process";
import { accessSync, chownSync, constants, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

/** What a test says when it is skipped for want of a database. */
export const withoutPostgres =
  "skipped on PostgreSQL: no initdb and pg_ctl on the path, and TINYLOVE_POSTGRES names no server";

/** Whether `startPostgres` can give a database. */
export const hasPostgres = (): boolean =>
  Boolean(process.env["TINYLOVE_POSTGRES"]) ||
  (found("initdb") !== undefined && found("pg_ctl") !== undefined && owner() !== undefined);

export interface Postgres {
  /** The address of an empty database. */
  readonly address: string;
  /** Stops the server at once, as a crash would, and starts it again; only where it is our own. */
  restart?(): Promise<void>;
  remove(): Promise<void>;
}

/** A new database: on the server that TINYLOVE_POSTGRES names, or on a server of our own that only loopback reaches. */
export async function startPostgres(): Promise<Postgres> {
  const given = process.env["TINYLOVE_POSTGRES"];
  return given ? databaseOn(given) : ownServer();
}

async function databaseOn(address: string): Promise<Postgres> {
  const name = `tinylove_test_${process.pid}_${Math.floor(performance.now())}`;
  await query(address, `CREATE DATABASE ${name}`);
  const own = new URL(address);
  own.pathname = `/${name}`;
  return { address: String(own), remove: () => query(address, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function query(address: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  await client.query(text);
  await client.end();
}

async function ownServer(): Promise<Postgres> {
  const who = owner()!;
  const folder = mkdtempSync(join(tmpdir(), "tinylove-postgres-"));
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid!);
  const data = join(folder, "data");
  const port = await freePort();
  const run = (program: string, args: string[]) =>
    promisify(execFile)(found(program)!, args, { ...(who.uid !== undefined && who), cwd: folder });
  await run("initdb", ["-D", data, "-U", "tinylove", "-A", "trust", "-E", "UTF8", "--no-sync"]);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -k ${folder}`;
  const start = () => run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start"]);
  await start();
  return {
    address: `postgres://tinylove@127.0.0.1:${port}/postgres`,
    async restart() {
      await run("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]);
      await start();
    },
    async remove() {
      await run("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function owner(): { uid?: number; gid?: number } | undefined {
  if (process.getuid?.() !== 0) return {};
  try {
    const id = (flag: string) =>
      Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}

function found(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
