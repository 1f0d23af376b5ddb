/** A path as it can be pasted into a shell: in single quotes if it has spaces or other signs with a meaning there. */
export const quoted = (path: string): string =>
  /^[\p{L}\p{N}_@%+=:,./\\-]+$/u.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
