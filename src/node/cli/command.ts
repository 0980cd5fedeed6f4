/** What every command is: a name, its words and options for the help, and what it does. */
import type { Arguments, OptionSpec } from "./arguments.js";

export interface Command {
  readonly name: string;
  /** The words beside the options, e.g. "MODEL". */
  readonly words: string;
  readonly about: string;
  readonly options: readonly OptionSpec[];
  /** Returns the exit code. */
  run(args: Arguments): Promise<number>;
}

export const PROGRAM = "fjordgpu";

/** The first lines of the program's own help. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => usage(command).length));
  return [
    "Continuous normalizing flows on WebGPU: learn a density from points, sample it, evaluate it.",
    "",
    ...commands.map((command) => `  ${PROGRAM} ${usage(command).padEnd(width)}  ${command.about}`),
    "",
    `Options of a command: ${PROGRAM} COMMAND --help. Version: ${PROGRAM} --version.`,
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const left = ({ name, short, value }: OptionSpec) =>
    `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`;
  const width = Math.max(...command.options.map((option) => left(option).length));
  return [
    `${PROGRAM} ${usage(command)}: ${command.about}`,
    "",
    ...command.options.map((option) => `  ${left(option).padEnd(width)}  ${option.about}`),
  ].join("\n");
}

const usage = ({ name, words }: Command) => [name, words].filter(Boolean).join(" ");
