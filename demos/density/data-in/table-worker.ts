/** Reads tables beside the page, which a large file would hold up for seconds. */
import { onCommand, postEvent } from "../../shared/worker-scope.js";
import {
  firstRows,
  likelyColumns,
  pickColumns,
  readTable,
  scalingText,
  sentenceOf,
  type Table,
} from "./table.js";
import type { TableCommand, TableEvent } from "./table-protocol.js";

let table: Table | undefined;

onCommand<TableCommand>((command) => postEvent(command.run, answerTo(command)));

function answerTo(command: TableCommand): TableEvent {
  try {
    if (command.type === "read") {
      table = readTable(command.bytes, command.file);
      const { file, columns } = table;
      return { type: "table", file, columns, first: firstRows(table), likely: likelyColumns(table) };
    }
    const picked = pickColumns(table!, command.pair, command.leaveOut);
    return { type: "judged", own: picked.own, words: scalingText(picked) };
  } catch (error) {
    const words = sentenceOf(error);
    return command.type === "read"
      ? { type: "unreadable", words }
      : { type: "judged", own: undefined, words };
  }
}
