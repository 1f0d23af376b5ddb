import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Random } from "../../src/stats/random.ts";

/** The reason if a test is skipped because the disk cannot be recorded. */
export const withoutRecorder = "skipped: watching the disk takes Linux and a C compiler (cc)";

export interface Recorder {
  /** Environment of a process whose changes below `folder` are recorded. */
  env(folder: string, slow?: number): Record<string, string>;
  /** The path of the record. */
  readonly record: string;
  /** While true, every sync fails with EIO. */
  fail(failing: boolean): Promise<void>;
  remove(): Promise<void>;
}

/** Compiles `disk.c`; undefined if that is not possible. */
export async function recorder(): Promise<Recorder | undefined> {
  if (process.platform !== "linux") return undefined;
  const folder = await mkdtemp(join(tmpdir(), "tinylove-disk-"));
  const library = join(folder, "disk.so");
  const source = fileURLToPath(new URL("disk.c", import.meta.url));
  try {
    execFileSync("cc", ["-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const record = join(folder, "record");
  const fails = join(folder, "fails");
  // A database runs as another user, and writes the record too.
  await writeFile(record, "", { mode: 0o666 });
  execFileSync("chmod", ["a+rwx", folder, record]);
  return {
    record,
    env: (watched, slow = 0) => ({
      LD_PRELOAD: library,
      TINYLOVE_DISK_FOLDER: watched,
      TINYLOVE_DISK_RECORD: record,
      TINYLOVE_DISK_FAILS: fails,
      ...(slow > 0 && { TINYLOVE_DISK_SLOW: String(slow) }),
    }),
    fail: (failing) => (failing ? writeFile(fails, "") : rm(fails, { force: true })),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * The disk below a folder as a power cut would leave it. Synced data are present. Unsynced data may be present, in part, or
 * missing: a disk writes sectors of 512 bytes in any order. A created, removed or changed name is safe after a sync of its
 * folder, and a new one also after a sync of its file, as in Linux's file systems.
 * After a failed sync its bytes are lost or kept at random, and a later sync does not write them: Linux considers them
 * clean.
 */
export class Disk {
  readonly #folder: string;
  readonly #entries: readonly Entry[];
  readonly #files: Map<bigint, File>;
  readonly #names: Names;
  #namings: Naming[] = [];
  readonly #begun = new Map<bigint, number>();
  readonly #random: Random;
  #done = 0;

  /** The recorded changes to `folder`, which contained `before` at the start. */
  constructor(record: string, folder: string, before: Contents, random: Random) {
    this.#folder = folder;
    this.#entries = entriesOf(readFileSync(record));
    this.#random = random;
    this.#files = new Map(
      [...before].flatMap(([, held]) => (held === "folder" ? [] : [[held.number, new File(held.bytes)]])),
    );
    this.#names = new Map(
      [...before].map(([name, held]) => [
        name,
        held === "folder" ? held : (this.#files.get(held.number) as File),
      ]),
    );
  }

  /** The number of changes. */
  get length(): number {
    return this.#entries.length;
  }

  /** The time of the change with this number, in nanoseconds of the machine's steady clock. */
  at(number: number): bigint {
    return this.#entries[number]!.at;
  }

  /** Replays up to the first `count` changes. */
  advance(count: number): void {
    for (; this.#done < count; this.#done++) this.#do(this.#entries[this.#done]!, this.#done);
  }

  /** Writes to `target` what a power cut now could leave; true if it left out or tore a pending write. */
  async cut(target: string): Promise<boolean> {
    const random = this.#random;
    const names = new Map(this.#names);
    // A journalling file system keeps the order of names: the first ones are present, and none of the others.
    const named = random.integer(0, this.#namings.length);
    for (const { apply } of this.#namings.slice(0, named)) apply(names);
    const survival = random.pick(["none", "all", "some writes", "some sectors"] as const);
    let torn = named < this.#namings.length;
    for (const [name, file] of names) {
      const path = join(target, name);
      if (file === "folder") await mkdir(path, { recursive: true, mode: 0o700 });
      else {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, file.cut(survival, random), { mode: 0o600 });
        torn ||= survival !== "all" && file.pending.length > 0;
      }
    }
    return torn;
  }

  #do(entry: Entry, number: number): void {
    const { kind, file, offset, length, bytes } = entry;
    if (kind === "b") this.#begun.set(entry.thread, number);
    else if (kind === "s") this.#synced(entry);
    else if (kind === "f") this.#files.get(file)?.failed(this.#begun.get(entry.thread)!, this.#random);
    else if (kind === "w") this.#file(file).pending.push({ number, offset, bytes });
    else if (kind === "t") this.#file(file).pending.push({ number, size: length, atLeast: 0 });
    else if (kind === "a") this.#file(file).pending.push({ number, size: 0, atLeast: length });
    else this.#namings.push(this.#naming(entry));
  }

  #synced({ file, thread, name }: Entry): void {
    const begun = this.#begun.get(thread)!;
    const known = this.#files.get(file);
    known?.synced(begun);
    const path = this.#relative(name);
    const safe = (naming: Naming) => naming.folder === path || (known !== undefined && naming.file === known);
    for (const naming of this.#namings.filter(safe)) naming.apply(this.#names);
    this.#namings = this.#namings.filter((naming) => !safe(naming));
  }

  #naming({ kind, file, name }: Entry): Naming {
    const [from = "", to = ""] = name.split("\n").map((path) => this.#relative(path));
    const folder = folderOf(kind === "r" || kind === "l" ? to : from);
    if (kind === "u") return { folder, apply: (names) => void names.delete(from) };
    if (kind === "d") return { folder, apply: (names) => void names.set(from, "folder") };
    if (kind === "c") {
      const created = new File(Buffer.alloc(0));
      this.#files.set(file, created);
      return { folder, file: created, apply: (names) => void names.set(from, created) };
    }
    return {
      folder,
      apply(names) {
        const moved = names.get(from);
        if (moved) names.set(to, moved);
        if (kind === "r") names.delete(from);
      },
    };
  }

  #file(number: bigint): File {
    const found = this.#files.get(number);
    if (!found) throw new Error(`the record tells of file ${number}, which neither was there nor came`);
    return found;
  }

  #relative(path: string): string {
    return relative(this.#folder, path);
  }
}

/** The content of a folder by relative name; files with their inode numbers. */
export type Contents = ReadonlyMap<string, "folder" | { readonly number: bigint; readonly bytes: Buffer }>;

export function contentsOf(folder: string): Contents {
  const held = new Map<string, "folder" | { number: bigint; bytes: Buffer }>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const number = statSync(path, { bigint: true }).ino;
    held.set(relative(folder, path), entry.isDirectory() ? "folder" : { number, bytes: readFileSync(path) });
  }
  return held;
}

type Names = Map<string, File | "folder">;

/** A change of names that is not safe yet. */
interface Naming {
  readonly folder: string;
  /** The created file. */
  readonly file?: File;
  apply(names: Names): void;
}

type Change =
  | { readonly number: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly number: number; readonly size: number; readonly atLeast: number };

type Survival = "none" | "all" | "some writes" | "some sectors";

const sector = 512;

/** A file's safe bytes, and the changes since. */
class File {
  #safe: Bytes;
  pending: Change[] = [];

  constructor(bytes: Buffer) {
    this.#safe = new Bytes(bytes);
  }

  synced(begun: number): void {
    for (const change of this.pending) if (change.number < begun) apply(this.#safe, change);
    this.pending = this.pending.filter(({ number }) => number > begun);
  }

  failed(begun: number, random: Random): void {
    for (const change of this.pending) if (change.number < begun) applySectors(this.#safe, change, random);
    this.pending = this.pending.filter(({ number }) => number > begun);
  }

  cut(survival: Survival, random: Random): Buffer {
    const left = new Bytes(Buffer.from(this.#safe.content()));
    for (const change of this.pending) applySome(left, change, survival, random);
    return left.content();
  }
}

function apply(bytes: Bytes, change: Change): void {
  if ("bytes" in change) bytes.write(change.bytes, change.offset);
  else bytes.resize(change.atLeast ? Math.max(change.atLeast, bytes.size) : change.size);
}

function applySome(bytes: Bytes, change: Change, survival: Survival, random: Random): void {
  if (survival === "none") return;
  if (survival === "some writes" && random.next() < 0.5) return;
  if (survival === "some sectors") applySectors(bytes, change, random);
  else apply(bytes, change);
}

function applySectors(bytes: Bytes, change: Change, random: Random): void {
  if (!("bytes" in change)) {
    if (random.next() < 0.5) apply(bytes, change);
    return;
  }
  const end = change.offset + change.bytes.length;
  for (let from = change.offset; from < end; ) {
    const to = Math.min(end, (Math.floor(from / sector) + 1) * sector);
    if (random.next() < 0.5)
      bytes.write(change.bytes.subarray(from - change.offset, to - change.offset), from);
    from = to;
  }
}

/** Bytes that grow; unwritten ones are zero. */
class Bytes {
  #bytes: Buffer;
  size: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  content(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  write(bytes: Buffer, offset: number): void {
    if (offset + bytes.length > this.size) this.resize(offset + bytes.length);
    bytes.copy(this.#bytes, offset);
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#bytes.length));
      this.content().copy(larger);
      this.#bytes = larger;
    }
    // Truncated bytes do not return when the file grows again.
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    this.size = size;
  }
}

const folderOf = (path: string): string => (path.includes("/") ? dirname(path) : "");

interface Entry {
  readonly kind: string;
  readonly at: bigint;
  readonly file: bigint;
  readonly thread: bigint;
  readonly offset: number;
  readonly length: number;
  readonly name: string;
  readonly bytes: Buffer;
}

/** `struct entry` of disk.c, the name and the bytes. */
function entriesOf(record: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < record.length; ) {
    const kind = String.fromCharCode(record.readUInt32LE(at));
    const nameEnd = at + 48 + record.readUInt32LE(at + 4);
    const length = Number(record.readBigUInt64LE(at + 40));
    const end = nameEnd + (kind === "w" ? length : 0);
    entries.push({
      kind,
      at: record.readBigUInt64LE(at + 8),
      file: record.readBigUInt64LE(at + 16),
      thread: record.readBigUInt64LE(at + 24),
      offset: Number(record.readBigUInt64LE(at + 32)),
      length,
      name: record.toString("utf8", at + 48, nameEnd),
      bytes: record.subarray(nameEnd, end),
    });
    at = end;
  }
  return entries;
}
