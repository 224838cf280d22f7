/// <reference lib="dom" />
import type { BrowserContext, Page } from '@playwright/test';

/** What pages of a browser did to be noticed. */
export interface Noticed {
  /** `sound`, `asked`, or `notification TITLE: BODY`, in their order. */
  readonly told: string[];
}

/** In place of the browser's notifications and sound, which without a window neither show nor sound. */
export async function stubNotices(context: BrowserContext): Promise<Noticed> {
  const told: string[] = [];
  await context.exposeFunction('noticed', (what: string) => void told.push(what));
  await context.addInitScript(() => {
    const noticed = (what: string): void => {
      const told: unknown = Reflect.get(window, 'noticed');
      if (typeof told === 'function') void Reflect.apply(told, undefined, [what]);
    };
    class StubNotification extends EventTarget {
      static get permission(): string {
        return localStorage.getItem('stub/permission') ?? 'default';
      }

      constructor(title: string, { body = '' }: NotificationOptions = {}) {
        super();
        noticed(`notification ${title}: ${body}`);
      }

      static requestPermission(): Promise<string> {
        noticed('asked');
        localStorage.setItem('stub/permission', 'granted');
        return Promise.resolve('granted');
      }

      close(): void {
        // Nothing is shown.
      }
    }
    const node = { connect: (to: unknown) => to, gain: new Proxy({}, { get: () => () => undefined }), frequency: {} };
    class StubAudio {
      state = 'running';
      currentTime = 0;
      destination = {};
      createOscillator = () => {
        noticed('tone');
        return { ...node, start: () => undefined, stop: () => undefined };
      };
      createGain = () => node;
      resume = () => Promise.resolve();
      close = () => Promise.resolve();
    }
    Object.assign(window, { Notification: StubNotification, AudioContext: StubAudio });
  });
  return { told };
}

/** As when its person looks at another window, or is back: a browser without a window has all its pages in front. */
export async function setInFront(page: Page, isInFront: boolean): Promise<void> {
  await page.evaluate((inFront) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (inFront ? 'visible' : 'hidden'),
    });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => !inFront });
    document.hasFocus = () => inFront;
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    window.dispatchEvent(new Event(inFront ? 'focus' : 'blur'));
  }, isInFront);
}
