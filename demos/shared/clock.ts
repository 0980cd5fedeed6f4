/** A time that plays: from noise (progress 0) to data (1) or back, once or round and round. */
export class Clock {
  /** 0: noise, t = T; 1: data, t = 0. */
  progress = 1;
  /** 1: towards data; -1: towards noise. */
  direction: 1 | -1 = 1;
  loop = false;
  speed = 1;
  playing = false;

  /** @param seconds from one end to the other at speed 1 */
  constructor(readonly seconds: number) {}

  /** Starts to play; from the other end where this one is reached. */
  play(): void {
    this.playing = true;
    if (this.progress === this.#end) this.progress = 1 - this.#end;
  }

  get #end(): number {
    return this.direction > 0 ? 1 : 0;
  }

  /** Moves on by some seconds of real time; at the end it stops, or waits a little and begins again. */
  advance(elapsed: number): void {
    if (!this.playing) return;
    if (this.progress === this.#end) {
      this.progress = 1 - this.#end;
      return;
    }
    const next = this.progress + (this.direction * this.speed * elapsed) / this.seconds;
    this.progress = Math.min(1, Math.max(0, next));
    if (this.progress === this.#end && !this.loop) this.playing = false;
  }
}
