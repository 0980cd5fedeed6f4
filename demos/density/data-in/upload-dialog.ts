/** The first rows of a table, the choice of two columns, and what is done with them. */
import { make, setText } from "../../shared/dom.js";
import type { OwnData } from "../sets.js";
import { button, Dialog } from "./dialog.js";
import { likelyColumns, type Picked, pickColumns, scalingText, sentenceOf, type Table } from "./table.js";

const ROWS = 6;

/** @param onUse called with the chosen points */
export function openTable(table: Table, onUse: (own: OwnData) => void): void {
  let picked: Picked | undefined;
  const words = make("p", { className: "soft", id: "table-words" });
  words.setAttribute("role", "status");
  words.dataset.testid = "table-words";
  const leave = make("input", { type: "checkbox", id: "table-leave" });
  const leaveField = make("label", { className: "tick" }, leave, "Leave out rows that cannot be read");
  const [x, y] = likelyColumns(table);
  const selects = [x, y].map((chosen, axis) => {
    const select = make(
      "select",
      { id: `table-column-${axis}` },
      ...table.columns.map((name, i) => new Option(name, String(i), false, i === chosen)),
    );
    select.addEventListener("change", judge);
    return select;
  });
  leave.addEventListener("change", judge);
  const use = button("Use it", () => picked && finish(picked), "primary");

  function finish({ own }: Picked): void {
    dialog.close();
    onUse(own);
  }

  function judge(): void {
    try {
      const pair = [Number(selects[0]!.value), Number(selects[1]!.value)] as const;
      picked = pickColumns(table, pair, leave.checked);
      setText(words, scalingText(picked));
    } catch (error) {
      picked = undefined;
      setText(words, sentenceOf(error));
    }
    words.classList.toggle("bad", !picked);
    leaveField.hidden = picked !== undefined && !leave.checked;
    use.disabled = !picked;
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
  judge();
  dialog.open();
  selects[0]!.focus();
}

function preview({ file, columns, rows }: Table): HTMLElement {
  const head = make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)));
  const filled = rows.filter((row) => row.some((cell) => cell !== "")).slice(0, ROWS);
  const body = filled.map((row) =>
    make("tr", {}, ...columns.map((_, i) => make("td", {}, String(row[i] ?? "")))),
  );
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  const box = make("div", { className: "table-box", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", `The first rows of ${file}`);
  return box;
}
