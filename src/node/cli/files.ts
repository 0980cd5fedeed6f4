/** Files in and out: complaints that name the file, and nothing half-written. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { FjordError } from "../../gpu/errors.js";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EISDIR: "it is a folder",
  ENOTDIR: "part of its path is a file",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EEXIST: "a file of that name is in the way",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
};

function fileError(doing: string, path: string, cause: unknown): FjordError {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  return new FjordError("bad-file", `Cannot ${doing} ${path}: ${REASONS[code] ?? code}.`, "", { cause });
}

/** @throws FjordError `bad-file` naming the path and the reason */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** Makes the folder and those above it. @throws FjordError `bad-file` */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileError("make the folder", path, error);
  }
}

/**
 * Writes a file as a whole or not at all: under another name beside it, then renamed over what was there.
 * @throws FjordError `bad-file`
 */
export function writeWhole(path: string, content: Uint8Array | string): void {
  makeFolder(dirname(path));
  const partial = `${path}.${process.pid}.partial`;
  try {
    writeFileSync(partial, content);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw fileError("write", path, error);
  }
}

/** To a file, or to standard output for "-". */
export async function writeOutput(path: string, content: Uint8Array | string): Promise<void> {
  if (path !== "-") return writeWhole(path, content);
  // Waits until a pipe has taken it all, because the process is ended by force afterwards.
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(content, (error) => (error ? reject(error) : resolve()));
  });
}
