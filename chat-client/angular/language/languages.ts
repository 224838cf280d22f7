import { computed, DOCUMENT, effect, inject, Injectable, InjectionToken, signal } from '@angular/core';
import { TranslocoService } from '@jsverse/transloco';
import type { Translation } from '@jsverse/transloco';
import { KeptText } from '../connection/kept-text.js';

/** As the files in the folders i18n are called. A language more is such a file, and its tag here. */
export const LANGUAGES = ['en', 'ro'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Answers the texts of the chat and the portal; their keys on the first level differ. Rejects while they are out of reach. */
export type LoadTexts = (language: Language) => Translation | Promise<Translation>;
export const LOAD_TEXTS = new InjectionToken<LoadTexts>('LoadTexts');

/**
 * The language of the pages: the one chosen last on this device, else the browser's, else English. Its texts are loaded
 * first: until then, and where they cannot be, the pages stay in the one before.
 */
@Injectable({ providedIn: 'root' })
export class Languages {
  private readonly transloco = inject(TranslocoService);
  private readonly load = inject(LOAD_TEXTS);
  private readonly kept = new KeptText('localStorage', 'energy-chat/language');
  private readonly asked = signal<Language>('en');

  /** What its person is to read. */
  readonly wanted = this.asked.asReadonly();
  /** What they read: the same, unless its texts are not there yet. */
  readonly current = computed(() => languageOf(this.transloco.activeLang()) ?? 'en');
  /** For `Intl`: English is written in British order and with 24 hours, as in the rest of Europe. */
  readonly locale = computed(() => (this.current() === 'en' ? 'en-GB' : this.current()));

  constructor() {
    const document = inject(DOCUMENT);
    effect(() => document.documentElement.setAttribute('lang', this.current()));
  }

  /** Before anything is shown. */
  begin(): Promise<void> | void {
    return this.show(languageOf(this.kept.read()) ?? browserLanguage());
  }

  /** Somebody has chosen it on this device. */
  get isChosen(): boolean {
    return languageOf(this.kept.read()) !== undefined;
  }

  /** For this visit, where it is one of ours. Answers which. */
  follow(tag: string): Language | undefined {
    const language = languageOf(tag.split('-')[0]?.toLowerCase());
    if (language !== undefined) void this.change(language);
    return language;
  }

  use(language: Language): void {
    this.kept.write(language);
    void this.change(language);
  }

  private async change(language: Language): Promise<void> {
    try {
      await this.show(language);
    } catch {
      // Out of reach: what is chosen comes with the next load of the page.
    }
  }

  /** At once where the texts are there. */
  private show(language: Language): Promise<void> | void {
    this.asked.set(language);
    const take = (texts: Translation): void => {
      this.transloco.setTranslation(texts, language);
      // Somebody may have chosen another meanwhile.
      if (this.asked() === language) this.transloco.setActiveLang(language);
    };
    const texts = this.load(language);
    return texts instanceof Promise ? texts.then(take) : take(texts);
  }
}

function browserLanguage(): Language {
  for (const tag of navigator.languages) {
    const language = languageOf(tag.split('-')[0]?.toLowerCase());
    if (language !== undefined) return language;
  }
  return 'en';
}

function languageOf(text: string | undefined): Language | undefined {
  return LANGUAGES.find((language) => language === text);
}
