import { DOCUMENT } from '@angular/common';
import { DestroyRef, inject, Injectable, InjectionToken, signal } from '@angular/core';
import { KeptText } from '@energy-chat/client/angular/connection/kept-text.js';

/** The part of the Web Audio API that a sound needs; undefined where there is none. https://www.w3.org/TR/webaudio/ */
export const AUDIO = new InjectionToken<(new () => AudioContext) | undefined>('AudioContext', {
  providedIn: 'root',
  factory: () => inject(DOCUMENT).defaultView?.AudioContext,
});

export type SoundChoice = 'on' | 'off' | 'not asked';

/** Two soft notes, a fourth apart: hertz and the seconds after which each begins. */
const NOTES = [
  { hertz: 659.25, at: 0 },
  { hertz: 880, at: 0.16 },
] as const;
const NOTE_SECONDS = 0.5;
const VOLUME = 0.14;

/**
 * The sound for a new client. Silent until its person has turned it on; the choice is remembered in this browser. After
 * a reload browsers keep it silent until the first click or key in the page, and it catches up with nothing.
 */
@Injectable({ providedIn: 'root' })
export class NewChatSound {
  private readonly Audio = inject(AUDIO);
  private readonly document = inject(DOCUMENT);
  private readonly kept = new KeptText('localStorage', 'energy-chat/admin/sound');
  private readonly chosen = signal<SoundChoice>(choiceOf(this.kept.read()));
  private context: AudioContext | undefined;

  readonly choice = this.chosen.asReadonly();
  readonly isPossible = this.Audio !== undefined;

  constructor() {
    const wake = (): void => {
      if (this.chosen() === 'on') void this.awake();
    };
    for (const gesture of ['pointerdown', 'keydown']) this.document.addEventListener(gesture, wake);
    inject(DestroyRef).onDestroy(() => {
      for (const gesture of ['pointerdown', 'keydown']) this.document.removeEventListener(gesture, wake);
      void this.context?.close();
    });
  }

  /** Call it while a click is handled; plays it once, so that its person knows it. */
  turnOn(): void {
    this.choose('on');
    this.play();
  }

  turnOff(): void {
    this.choose('off');
  }

  /** Nothing while it is off, or before the browser allows it. */
  play(): void {
    if (this.chosen() === 'on') void this.awake().then((context) => context?.state === 'running' && ring(context));
  }

  private async awake(): Promise<AudioContext | undefined> {
    if (this.Audio === undefined) return undefined;
    this.context ??= new this.Audio();
    if (this.context.state === 'suspended') {
      // Without a gesture the browser leaves this unanswered: a sound that comes minutes late is worse than none.
      await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
    }
    return this.context;
  }

  private choose(choice: 'on' | 'off'): void {
    this.chosen.set(choice);
    this.kept.write(choice);
  }
}

function choiceOf(kept: string | undefined): SoundChoice {
  return kept === 'on' || kept === 'off' ? kept : 'not asked';
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
