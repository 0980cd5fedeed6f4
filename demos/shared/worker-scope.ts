/** The part of a dedicated worker's global scope that the demos use; the DOM's types do not have it. */
interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

/** Sends an event of the given run to the page. */
export function postEvent<Event extends { type: string }>(
  run: number,
  event: Event,
  transfer: Transferable[] = [],
): void {
  scope.postMessage({ ...event, run }, transfer);
}

/** Calls back for every command of the page. */
export function onCommand<Command>(listener: (command: Command & { readonly run: number }) => void): void {
  scope.addEventListener("message", ({ data }) => listener(data));
}
