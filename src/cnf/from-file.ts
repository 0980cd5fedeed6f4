/** What is wrong with a value, as what is wrong with the file that it came from. */
import { FileFormatError, FjordError } from "../gpu/errors.js";

/** @throws FileFormatError in place of whatever `check` throws */
export function fromFile<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    const reason =
      error instanceof FjordError || error instanceof SyntaxError ? error.message : String(error);
    throw new FileFormatError(`The file cannot be used: ${reason}`);
  }
}
