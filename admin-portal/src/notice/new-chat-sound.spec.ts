import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AUDIO, NewChatSound } from './new-chat-sound.js';

/** A browser's sound that counts its tones, and stays suspended until it may sound. */
class MemoryAudio {
  static mayStart = true;
  static tones = 0;
  static made = 0;
  state: AudioContextState = 'suspended';
  readonly currentTime = 0;
  readonly destination = {};

  constructor() {
    MemoryAudio.made += 1;
  }

  resume(): Promise<void> {
    if (!MemoryAudio.mayStart) return new Promise(() => undefined);
    this.state = 'running';
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  createOscillator(): object {
    const start = (): void => void (MemoryAudio.tones += 1);
    return { frequency: {}, connect: (to: unknown) => to, start, stop: () => undefined };
  }

  createGain(): object {
    const set = (): void => undefined;
    const gain = { setValueAtTime: set, linearRampToValueAtTime: set, exponentialRampToValueAtTime: set };
    return { gain, connect: (to: unknown) => to };
  }
}

/** The page, as after a load. */
function loaded(): NewChatSound {
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [{ provide: AUDIO, useValue: MemoryAudio }] });
  return TestBed.inject(NewChatSound);
}

beforeEach(() => {
  localStorage.clear();
  Object.assign(MemoryAudio, { mayStart: true, tones: 0, made: 0 });
});

describe('the sound for new clients', () => {
  it('is silent, and makes no audio at all, until somebody turns it on', async () => {
    const sound = loaded();
    sound.play();
    document.dispatchEvent(new Event('pointerdown'));
    await Promise.resolve();
    expect(sound.choice()).toBe('not asked');
    expect(MemoryAudio.made).toBe(0);
  });

  it('is heard once when it is turned on', async () => {
    loaded().turnOn();
    await vi.waitFor(() => expect(MemoryAudio.tones).toBe(2));
  });

  it('is remembered, and does not sound on load', async () => {
    loaded().turnOn();
    await vi.waitFor(() => expect(MemoryAudio.tones).toBe(2));
    const again = loaded();
    expect(again.choice()).toBe('on');
    expect(MemoryAudio.tones).toBe(2);
    again.play();
    await vi.waitFor(() => expect(MemoryAudio.tones).toBe(4));
  });

  it('can be muted, and stays so', async () => {
    const sound = loaded();
    sound.turnOn();
    await vi.waitFor(() => expect(MemoryAudio.tones).toBe(2));
    sound.turnOff();
    sound.play();
    const again = loaded();
    again.play();
    await Promise.resolve();
    expect(again.choice()).toBe('off');
    expect(MemoryAudio.tones).toBe(2);
  });

  it('does not catch up with what the browser did not allow', async () => {
    loaded().turnOn();
    await vi.waitFor(() => expect(MemoryAudio.tones).toBe(2));
    MemoryAudio.mayStart = false;
    vi.useFakeTimers();
    loaded().play();
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    expect(MemoryAudio.tones).toBe(2);
  });
});
