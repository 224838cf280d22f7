import { Injectable, signal } from '@angular/core';
import type { textParts, TextPart } from './text-parts.js';

/** Whatever holds an address has one of these; most messages have none. */
const MAY_HOLD_ADDRESS = /:\/\/|@|[\p{L}\p{N}]\.\p{L}/u;

/**
 * Finds addresses in what people write. Its program, which knows every top-level domain, comes when the first message
 * needs it; until then, and where it cannot be loaded, a text is only text.
 */
@Injectable({ providedIn: 'root' })
export class Linkifier {
  private readonly split = signal<typeof textParts | undefined>(undefined);
  private isLoading = false;

  /** In templates and computed values the loading is followed. */
  partsOf(text: string): readonly TextPart[] {
    if (!MAY_HOLD_ADDRESS.test(text)) return [{ text, href: undefined }];
    const split = this.split();
    if (split !== undefined) return split(text);
    void this.load();
    return [{ text, href: undefined }];
  }

  private async load(): Promise<void> {
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      const { textParts } = await import('./text-parts.js');
      this.split.set(textParts);
    } catch {
      // Offline: the next message asks again.
      this.isLoading = false;
    }
  }
}
