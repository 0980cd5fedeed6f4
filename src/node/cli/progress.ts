/** How far a run has come: a bar on a terminal, plain lines elsewhere. All of it goes to standard error. */
import { SingleBar } from "cli-progress";

export interface Progress {
  /**
   * @param text what to say beside the number of steps, e.g. "loss 2.48"
   * @param important a plain line is written whatever the time since the last
   */
  update(step: number, text: string, important: boolean): void;
  /** A message from outside the training, e.g. that it is about to stop. */
  note(text: string): void;
  stop(): void;
}

/** Plain lines come no faster than this, so that a log of a long run stays readable. */
const SECONDS_BETWEEN_LINES = 5;

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function progress(total: number): Progress {
  return process.stderr.isTTY ? bar(total) : lines(total);
}

function bar(total: number): Progress {
  const single = new SingleBar({
    // What is most wanted comes first: the line is cut at the width of the terminal.
    format: "{bar} {value}/{total} · {eta_formatted} left · {text}",
    stream: process.stderr,
    barsize: 16,
    etaBuffer: 20,
    // Ctrl-C is handled by the command, which still has files to write; pressed twice, nothing is left to restore.
    gracefulExit: false,
    hideCursor: false,
    linewrap: true,
  });
  single.start(total, 0, { text: "compiling" });
  return {
    update: (step, text) => single.update(step, { text }),
    // Within the bar: a line of its own would be overwritten when the bar stops.
    note: (text) => single.update({ text }),
    stop: () => single.stop(),
  };
}

function lines(total: number): Progress {
  let last = Number.NEGATIVE_INFINITY;
  return {
    update: (step, text, important) => {
      const now = performance.now() / 1000;
      if (step < total && !important && now - last < SECONDS_BETWEEN_LINES) return;
      last = now;
      say(`step ${step}/${total}  ${text}`);
    },
    note: say,
    stop: () => {},
  };
}
