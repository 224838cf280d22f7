/**
 * What a browser keeps for a page, as far as it lets it: a storage that is full, or forbidden by the person's settings,
 * keeps nothing, and nobody is disturbed.
 */
export class KeptText {
  constructor(
    private readonly kind: 'localStorage' | 'sessionStorage',
    private readonly key: string,
  ) {}

  /** Undefined: nothing is kept, or it cannot be read. */
  read(): string | undefined {
    try {
      return window[this.kind].getItem(this.key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Undefined forgets it. */
  write(text: string | undefined): void {
    try {
      if (text === undefined) window[this.kind].removeItem(this.key);
      else window[this.kind].setItem(this.key, text);
    } catch {
      // What cannot be kept is as long-lived as the page.
    }
  }
}
