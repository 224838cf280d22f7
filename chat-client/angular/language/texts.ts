import { computed, inject, Injectable } from '@angular/core';
import { TranslocoService } from '@jsverse/transloco';
import { Languages } from './languages.js';

export type TextValues = Readonly<Record<string, string | number>>;

/** The texts of the pages in the current language. In templates and computed values a change of language is followed. */
@Injectable({ providedIn: 'root' })
export class Texts {
  private readonly transloco = inject(TranslocoService);
  private readonly languages = inject(Languages);
  private readonly plurals = computed(() => new Intl.PluralRules(this.languages.current()));

  say(key: string, values: TextValues = {}): string {
    return this.transloco.translate(key, values, this.languages.current());
  }

  /** `key` holds one text for each plural form of the language: `one`, `few`, `other`. The text may name {{ count }}. */
  sayCount(key: string, count: number, values: TextValues = {}): string {
    return this.say(`${key}.${this.plurals().select(count)}`, { ...values, count });
  }
}
