import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk in memory of a size such as "1m". */
export function smallDisk(size: string): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "tinylove-disk-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
  } catch (thrown) {
    remove();
    throw thrown;
  }
  return {
    folder,
    remove() {
      execFileSync("umount", ["-l", folder]);
      remove();
    },
  };
}

/** Whether this machine allows mounting; logs the reason if not. */
export function canMount(): boolean {
  try {
    smallDisk("1m").remove();
    return true;
  } catch {
    console.warn("skipped: a disk of one's own takes the right to mount one");
    return false;
  }
}
