import { computed, DOCUMENT, effect, inject, Injectable } from '@angular/core';
import { TranslocoService } from '@jsverse/transloco';
import { KeptText } from '../connection/kept-text.js';

export const LANGUAGES = ['en', 'ro'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language of the pages: the one chosen last on this device, else the browser's, else English. */
@Injectable({ providedIn: 'root' })
export class Languages {
  private readonly transloco = inject(TranslocoService);
  private readonly kept = new KeptText('localStorage', 'energy-chat/language');

  readonly current = computed(() => languageOf(this.transloco.activeLang()) ?? 'en');

  constructor() {
    const document = inject(DOCUMENT);
    for (const language of LANGUAGES) this.transloco.load(language).subscribe();
    this.transloco.setActiveLang(languageOf(this.kept.read()) ?? browserLanguage());
    effect(() => document.documentElement.setAttribute('lang', this.current()));
  }

  /** Somebody has chosen it on this device. */
  get isChosen(): boolean {
    return languageOf(this.kept.read()) !== undefined;
  }

  /** For this visit, where it is one of ours. Answers which. */
  follow(tag: string): Language | undefined {
    const language = languageOf(tag.split('-')[0]?.toLowerCase());
    if (language !== undefined) this.transloco.setActiveLang(language);
    return language;
  }

  use(language: Language): void {
    this.kept.write(language);
    this.transloco.setActiveLang(language);
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
