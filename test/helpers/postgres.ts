import { execFile, execFileSync } from "node:child_process";
import { chownSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { onPath } from "./on-path.ts";

/** The reason if a test is skipped because there is no database. */
export const withoutPostgres =
  "skipped on PostgreSQL: no initdb and pg_ctl on the path, and TINYLOVE_POSTGRES names no server";

/** Whether `startPostgres` can start a database. */
export const hasPostgres = (): boolean =>
  Boolean(process.env["TINYLOVE_POSTGRES"]) ||
  (onPath("initdb") !== undefined && onPath("pg_ctl") !== undefined && owner() !== undefined);

export interface Postgres {
  /** The address of an empty database. */
  readonly address: string;
  /** Stops the server immediately, as in a crash, and starts it again; only if it is our own. */
  restart?(): Promise<void>;
  remove(): Promise<void>;
}

/** A server of our own, with access to its details. */
export interface OwnPostgres extends Postgres {
  /** Stops the server immediately. */
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** A new database: on the server in TINYLOVE_POSTGRES, or on a server of our own on loopback. */
export async function startPostgres(): Promise<Postgres> {
  const given = process.env["TINYLOVE_POSTGRES"];
  if (given) return databaseOn(given);
  const data = await newPostgresData();
  return startPostgresOn(data);
}

/** The user who runs PostgreSQL, if it is another one; `hasPostgres` says whether it can run here. */
const asOwner = () => {
  const who = owner()!;
  return who.uid === undefined ? {} : who;
};

const runAsOwner = (program: string, args: string[], env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(onPath(program)!, args, { ...asOwner(), cwd: "/", env: { ...process.env, ...env } });

/** An empty folder for PostgreSQL's data, readable only by its user. */
export function postgresFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tinylove-postgres-"));
  const { uid, gid } = owner()!;
  if (uid !== undefined) chownSync(folder, uid, gid!);
  return folder;
}

/** The folder of a new cluster; `options` are for initdb. */
export async function newPostgresData(...options: string[]): Promise<string> {
  const data = join(postgresFolder(), "data");
  await runAsOwner("initdb", [
    "-D",
    data,
    "-U",
    "tinylove",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--no-sync",
    ...options,
  ]);
  return data;
}

/**
 * Starts a server on a cluster's folder, which is removed with it. `settings` are PostgreSQL's, `env` is for its
 * processes.
 */
export async function startPostgresOn(
  data: string,
  settings: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<OwnPostgres> {
  const folder = dirname(data);
  const port = await freePort();
  const options = [
    `-p ${port} -c listen_addresses=127.0.0.1 -k ${folder}`,
    ...settings.map((one) => `-c ${one}`),
  ];
  const start = async () => {
    await runAsOwner(
      "pg_ctl",
      ["-D", data, "-w", "-l", join(folder, "log"), "-o", options.join(" "), "start"],
      env,
    );
  };
  const stop = async () => {
    await runAsOwner("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]);
  };
  await start();
  return {
    address: `postgres://tinylove@127.0.0.1:${port}/postgres`,
    stop,
    async restart() {
      // It may already have ended.
      await stop().catch(() => {});
      await start();
    },
    async remove() {
      await stop().catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
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

/** PostgreSQL refuses to run as root: then it runs as its package's user. */
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
