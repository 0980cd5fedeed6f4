/** The one place where a page says that something is not as usual: calmly, with a way on where there is one. */
import { make } from "./dom.js";
import type { Failure } from "./failure.js";

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

export class Notice {
  constructor(readonly host: HTMLElement) {
    host.classList.add("notice");
    host.setAttribute("role", "status");
    host.hidden = true;
  }

  show(title: string, text: string, ...actions: NoticeAction[]): void {
    this.host.replaceChildren(make("strong", {}, title), text);
    const buttons = actions.map(({ label, run }) => {
      const button = make("button", { type: "button", textContent: label });
      button.addEventListener("click", run);
      return button;
    });
    if (buttons.length > 0) this.host.append(make("div", { className: "row" }, ...buttons));
    this.host.hidden = false;
  }

  /** Says what failed; `again` is offered wherever trying again can help. */
  showFailure({ kind, message }: Failure, again: () => void): void {
    const action = { label: "Start again", run: again };
    if (kind === "unavailable") {
      this.show("This page computes with WebGPU, which is not available here.", message);
    } else if (kind === "lost") {
      this.show(
        "The graphics device was taken away.",
        "Another program, the driver or the system reset it; what it had computed is gone with it.",
        action,
      );
    } else {
      this.show("The computation stopped.", message, action);
    }
  }

  hide(): void {
    this.host.hidden = true;
    this.host.replaceChildren();
  }
}
