/**
 * What was typed, checked against a table of options. Values stay text until a command asks for them, so that a
 * file named "007" keeps its name, and a value may start with a minus sign ("--window -4,4,-4,4", "--out -").
 */
import { parseArgs } from "node:util";

/** Wrong usage, as opposed to a command that was understood and failed: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface OptionSpec {
  readonly name: string;
  /** One letter, e.g. "n" for -n. */
  readonly short?: string;
  /** What stands for the value in the help; absent for a switch. */
  readonly value?: string;
  readonly about: string;
}

/** What looks like the next option rather than a value: "--steps", "-n", but not "-", "-4,4" or "-.5". */
const LOOKS_LIKE_OPTION = /^(--|-[a-z])/i;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export class Arguments {
  private constructor(
    readonly positionals: readonly string[],
    private readonly values: ReadonlyMap<string, string>,
  ) {}

  /** @throws UsageError for an unknown or repeated option, a missing value, or a value for a switch */
  static parse(args: readonly string[], specs: readonly OptionSpec[]): Arguments {
    const options = Object.fromEntries(
      specs.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short && { short }) },
      ]),
    );
    const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
    const positionals: string[] = [];
    const values = new Map<string, string>();
    for (const token of tokens) {
      if (token.kind === "positional") positionals.push(token.value);
      if (token.kind !== "option") continue;
      const spec = specs.find(({ name }) => name === token.name);
      if (!spec) throw new UsageError(`Unknown option ${token.rawName}.`);
      if (values.has(spec.name)) throw new UsageError(`Option ${token.rawName} is given twice.`);
      if (spec.value === undefined) {
        if (token.value !== undefined) throw new UsageError(`Option ${token.rawName} takes no value.`);
        values.set(spec.name, "");
        continue;
      }
      const missing = !token.value || (!token.inlineValue && LOOKS_LIKE_OPTION.test(token.value));
      if (missing) throw new UsageError(`Option ${token.rawName} needs a value: ${spec.value}.`);
      values.set(spec.name, token.value!);
    }
    return new Arguments(positionals, values);
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  text(name: string): string | undefined {
    return this.values.get(name);
  }

  /** One of the names, which share their type with the library. Which are allowed is checked there. */
  choice<T extends string>(name: string): T | undefined {
    return this.values.get(name) as T | undefined;
  }

  /** @throws UsageError when it is no number; its range is checked where it is used */
  number(name: string): number | undefined {
    const text = this.values.get(name);
    return text === undefined ? undefined : toNumber(`--${name}`, text);
  }

  /** Numbers separated by `separator`. @throws UsageError */
  numbers(name: string, separator: string): number[] | undefined {
    return this.values
      .get(name)
      ?.split(separator)
      .map((part) => toNumber(`--${name}`, part));
  }

  /**
   * The words beside the options.
   * @param names what they stand for; those in brackets may be left out
   * @throws UsageError when one is missing or too many
   */
  words(...names: readonly string[]): readonly string[] {
    const { positionals } = this;
    const missing = names[positionals.length];
    if (missing && !missing.startsWith("[")) throw new UsageError(`The argument ${missing} is missing.`);
    const extra = positionals[names.length];
    if (extra !== undefined) throw new UsageError(`The argument ${JSON.stringify(extra)} is one too many.`);
    return positionals;
  }
}

function toNumber(what: string, text: string): number {
  if (!NUMBER.test(text.trim()))
    throw new UsageError(`The value ${JSON.stringify(text)} of ${what} is no number.`);
  return Number(text);
}
