/**
 * The command line. Exit codes: 0 done, 1 failed (one sentence on standard error), 2 wrong usage, 130 interrupted.
 * FJORD_DEBUG in the environment adds the stack trace; FJORD_CALIBRATION=off chooses paths without measuring the device.
 */
import { version } from "../../package.json";
import { Arguments, UsageError } from "./cli/arguments.js";
import { benchCommand } from "./cli/bench.js";
import { type Command, commandHelp, PROGRAM, programHelp } from "./cli/command.js";
import { densityCommand } from "./cli/density.js";
import { writeOutput } from "./cli/files.js";
import { infoCommand } from "./cli/info.js";
import { say } from "./cli/progress.js";
import { sampleCommand } from "./cli/sample.js";
import { trainCommand } from "./cli/train.js";

const COMMANDS: readonly Command[] = [trainCommand, sampleCommand, densityCommand, infoCommand, benchCommand];
const HELP = { name: "help", short: "h", about: "this text" } as const;

async function main([name = "--help", ...rest]: readonly string[]): Promise<number> {
  if (["--help", "-h", "help"].includes(name)) {
    await writeOutput("-", `${programHelp(COMMANDS)}\n`);
    return 0;
  }
  if (["--version", "-v"].includes(name)) {
    await writeOutput("-", `${version}\n`);
    return 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  try {
    if (!command) {
      const kind = name.startsWith("-") ? "option" : "command";
      throw new UsageError(`Unknown ${kind} ${name}.`);
    }
    const described = { ...command, options: [...command.options, HELP] };
    const args = Arguments.parse(rest, described.options);
    if (args.has("help")) {
      await writeOutput("-", `${commandHelp(described)}\n`);
      return 0;
    }
    return await command.run(args);
  } catch (error) {
    if (process.env.FJORD_DEBUG) console.error(error);
    const wrongUsage = error instanceof UsageError;
    const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
    const help = [PROGRAM, command?.name, "--help"].filter(Boolean).join(" ");
    say(wrongUsage ? `${message} See: ${help}` : message);
    return wrongUsage ? 2 : 1;
  }
}

// A reader that has seen enough ("| head") is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
// What the driver still has under way must not hold up the end.
process.exit(await main(process.argv.slice(2)));
