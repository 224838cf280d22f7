import { DestroyRef, DOCUMENT, inject, Injectable, InjectionToken } from '@angular/core';

/** The part of the Web Audio API that a sound needs; undefined where there is none. https://www.w3.org/TR/webaudio/ */
export const AUDIO = new InjectionToken<(new () => AudioContext) | undefined>('AudioContext', {
  providedIn: 'root',
  factory: () => inject(DOCUMENT).defaultView?.AudioContext,
});

/** Two soft notes, a fourth apart: hertz and the seconds after which each begins. */
const NOTES = [
  { hertz: 659.25, at: 0 },
  { hertz: 880, at: 0.16 },
] as const;
const NOTE_SECONDS = 0.5;
const VOLUME = 0.14;

/** Two notes, which the browser allows from the first click or key in the page on. It catches up with nothing. */
@Injectable({ providedIn: 'root' })
export class NoticeSound {
  private readonly Audio = inject(AUDIO);
  private context: AudioContext | undefined;

  readonly isPossible = this.Audio !== undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => void this.context?.close());
  }

  /** Nothing before the browser allows it. */
  async play(): Promise<void> {
    const context = await this.wake();
    if (context?.state === 'running') ring(context);
  }

  /** Call it while a click or a key is handled, so that it may sound later. */
  async wake(): Promise<AudioContext | undefined> {
    if (this.Audio === undefined) return undefined;
    this.context ??= new this.Audio();
    if (this.context.state === 'suspended') {
      // Without a gesture the browser leaves this unanswered: a sound that comes minutes late is worse than none.
      await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
    }
    return this.context;
  }
}

function ring(context: AudioContext): void {
  for (const { hertz, at } of NOTES) {
    const begins = context.currentTime + at;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, begins);
    volume.gain.linearRampToValueAtTime(VOLUME, begins + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begins + NOTE_SECONDS);
    tone.connect(volume).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + NOTE_SECONDS);
  }
}
