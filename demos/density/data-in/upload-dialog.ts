/** The first rows of a table, the choice of two columns, and what is done with them. */
import { make, setText } from "../../shared/dom.js";
import { WorkerClient } from "../../shared/worker-client.js";
import type { OwnData } from "../sets.js";
import { button, Dialog } from "./dialog.js";
import type { Judged, Summary, TableCommand, TableEvent } from "./table-protocol.js";

export interface UploadHooks {
  /** Called with the chosen points. */
  readonly onUse: (own: OwnData) => void;
  /** The file is no table; in words for people. */
  readonly onTrouble: (words: string) => void;
}

/** Reads a file in a worker, and lets the reader choose of it. Takes the bytes over. */
export function openTable(bytes: Uint8Array<ArrayBuffer>, file: string, hooks: UploadHooks): void {
  let judged: ((answer: Judged) => void) | undefined;
  const client = new WorkerClient<TableCommand, TableEvent>({
    create: () => new Worker(new URL("./table-worker.ts", import.meta.url), { type: "module" }),
    onEvent: (event) => {
      if (event.type === "judged") judged?.(event);
      else if (event.type === "unreadable") fail(event.words);
      else judged = choose(event, client, hooks.onUse);
    },
    onCrash: fail,
  });
  client.begin({ type: "read", bytes, file }, [bytes.buffer]);

  function fail(words: string): void {
    client.end();
    hooks.onTrouble(words);
  }
}

/** Shows the dialog. @returns what takes the worker's answers */
function choose(
  table: Summary,
  client: WorkerClient<TableCommand, TableEvent>,
  onUse: (own: OwnData) => void,
): (answer: Judged) => void {
  let own: OwnData | undefined;
  const words = make("p", { className: "soft", id: "table-words" });
  words.setAttribute("role", "status");
  words.dataset.testid = "table-words";
  const leave = make("input", { type: "checkbox", id: "table-leave" });
  const leaveField = make("label", { className: "tick" }, leave, "Leave out rows that cannot be read");
  const selects = table.likely.map((chosen, axis) => {
    const select = make(
      "select",
      { id: `table-column-${axis}` },
      ...table.columns.map((name, i) => new Option(name, String(i), false, i === chosen)),
    );
    select.addEventListener("change", ask);
    return select;
  });
  leave.addEventListener("change", ask);
  const use = button("Use it", () => own && finish(own), "primary");

  function finish(points: OwnData): void {
    dialog.close();
    onUse(points);
  }

  /** Only the last question is answered; until then nothing can be used. */
  function ask(): void {
    own = undefined;
    use.disabled = true;
    const pair = [Number(selects[0]!.value), Number(selects[1]!.value)] as const;
    client.begin({ type: "pick", pair, leaveOut: leave.checked });
  }

  function judge(answer: Judged): void {
    own = answer.own;
    setText(words, answer.words);
    words.classList.toggle("bad", !own);
    leaveField.hidden = own !== undefined && !leave.checked;
    use.disabled = !own;
  }

  const names = ["Across", "Up"];
  const fields = selects.map((select, axis) =>
    make("div", { className: "field" }, make("label", { htmlFor: select.id }, names[axis]!), select),
  );
  const dialog = new Dialog(
    `Points from ${table.file}`,
    preview(table),
    make("div", { className: "fields" }, ...fields),
    words,
    leaveField,
    make(
      "div",
      { className: "row" },
      use,
      button("Cancel", () => dialog.close()),
    ),
  );
  dialog.element.addEventListener("close", () => client.end());
  leaveField.hidden = true;
  ask();
  dialog.open();
  selects[0]!.focus();
  return judge;
}

function preview({ file, columns, first }: Summary): HTMLElement {
  const head = make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)));
  const body = first.map((row) =>
    make("tr", {}, ...columns.map((_, i) => make("td", {}, String(row[i] ?? "")))),
  );
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  const box = make("div", { className: "table-box", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", `The first rows of ${file}`);
  return box;
}
