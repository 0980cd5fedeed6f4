/** Which pointer draws: one at a time, so that a second finger or the palm of a hand leaves no line between them. */

/** What of a PointerEvent decides. */
export interface Touch {
  readonly pointerId: number;
  readonly isPrimary: boolean;
  readonly button: number;
  readonly buttons: number;
}

/** The eraser end of a pen, as a button and among the buttons held: Pointer Events, W3C, 4.1.1.2. */
const ERASER_BUTTON = 5;
const ERASER_HELD = 32;

export class Stroke {
  #pointer: number | undefined;
  #erases = false;

  /** Whether the pen's eraser draws it. */
  get erases(): boolean {
    return this.#erases;
  }

  /** @returns whether a stroke begins with this press */
  begin({ pointerId, isPrimary, button, buttons }: Touch): boolean {
    const eraser = button === ERASER_BUTTON || (buttons & ERASER_HELD) !== 0;
    if (this.#pointer !== undefined || !isPrimary || (button !== 0 && !eraser)) return false;
    this.#pointer = pointerId;
    this.#erases = eraser;
    return true;
  }

  /** Whether this pointer draws; undefined: it is not the one that does, and its moves mean nothing. */
  draws({ pointerId, isPrimary }: Pick<Touch, "pointerId" | "isPrimary">): boolean | undefined {
    if (this.#pointer === undefined) return isPrimary ? false : undefined;
    return pointerId === this.#pointer ? true : undefined;
  }

  end({ pointerId }: Pick<Touch, "pointerId">): void {
    if (pointerId === this.#pointer) this.#pointer = undefined;
    if (this.#pointer === undefined) this.#erases = false;
  }
}
